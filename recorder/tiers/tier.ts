import {
  TIER_MS,
  TIER_ROWS,
  type TierName,
} from "../../shared/contract/tier.js";

export type Tier = TierName;
export type RolledTier = Exclude<Tier, "raw">;

export type PerTier<T> = Readonly<Record<Tier, T>>;
export type PerRolledTier<T> = Readonly<Record<RolledTier, T>>;

/** Finest first. */
export const TIERS: readonly Tier[] = TIER_ROWS.map(({ name }) => name);

/** Finest first: the order in which they are rolled up. */
export const ROLLED_TIERS = TIERS.filter(
  (tier): tier is RolledTier => tier !== "raw",
);

/** Rolled up from raw data. */
export const FINEST_ROLLED: RolledTier = "1m";
/** Nothing is rolled up from it. */
export const COARSEST: RolledTier = "1h";
/** The table `day` sums up its buckets. */
export const DAYS_FROM: RolledTier = "1h";

export const eachTier = <T>(make: (tier: Tier) => T): PerTier<T> =>
  Object.fromEntries(TIERS.map((tier) => [tier, make(tier)])) as PerTier<T>;

export const eachRolledTier = <T>(
  make: (tier: RolledTier) => T,
): PerRolledTier<T> =>
  Object.fromEntries(
    ROLLED_TIERS.map((tier) => [tier, make(tier)]),
  ) as PerRolledTier<T>;

/** Bucket length, ms. */
export const STEP_MS: PerRolledTier<number> = TIER_MS;

/** The tier a tier is rolled up from. */
export const FINER = eachRolledTier(
  (tier): Tier => TIERS[TIERS.indexOf(tier) - 1] ?? "raw",
);

/** The tier rolled up from a tier; null for the coarsest. */
export const COARSER = eachTier(
  (tier): RolledTier | null => ROLLED_TIERS[TIERS.indexOf(tier)] ?? null,
);

const CODES = new Map<Tier, number>(
  TIER_ROWS.map(({ name, code }) => [name, code]),
);

/** The code of a tier in the database. */
export const tierCode = (tier: Tier): number => CODES.get(tier) ?? NaN;

/** Null for an unknown code. */
export const tierOfCode = (code: number): Tier | null =>
  TIERS.find((tier) => CODES.get(tier) === code) ?? null;

/** The start of the bucket that contains an instant. */
export const bucketStart = (tier: RolledTier, atMs: number): number =>
  Math.floor(atMs / STEP_MS[tier]) * STEP_MS[tier];

export const bucketEnd = (tier: RolledTier, startMs: number): number =>
  startMs + STEP_MS[tier];
