import { MINUTE_MS } from "../../shared/contract/units.js";

/** One resolution, kept for one time. Its place in the list is its code in the database; each is rolled up from the one before. */
export const TIERS = ["raw", "1m", "5m", "1h"] as const;
export type Tier = (typeof TIERS)[number];
export type RolledTier = Exclude<Tier, "raw">;

export type PerTier<T> = Readonly<Record<Tier, T>>;

/** Finest first: the order in which they are rolled up. */
export const ROLLED_TIERS: readonly RolledTier[] = ["1m", "5m", "1h"];

/** How long a bucket is. */
export const STEP_MS: Readonly<Record<RolledTier, number>> = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "1h": 60 * MINUTE_MS,
};

/** What a tier is made from. */
export const FINER = {
  "1m": "raw",
  "5m": "1m",
  "1h": "5m",
} as const satisfies Readonly<Record<RolledTier, Tier>>;

/** What is made from a tier; null for the last. */
export const COARSER = {
  raw: "1m",
  "1m": "5m",
  "5m": "1h",
  "1h": null,
} as const satisfies PerTier<RolledTier | null>;

export const tierCode = (tier: Tier): number => TIERS.indexOf(tier);

export const eachTier = <T>(make: (tier: Tier) => T): PerTier<T> => ({
  raw: make("raw"),
  "1m": make("1m"),
  "5m": make("5m"),
  "1h": make("1h"),
});

/** The start of the bucket an instant lies in. Buckets are aligned to 1970, so that those of a tier fill those of the next. */
export const bucketStart = (tier: RolledTier, atMs: number): number =>
  Math.floor(atMs / STEP_MS[tier]) * STEP_MS[tier];

export const bucketEnd = (tier: RolledTier, startMs: number): number =>
  startMs + STEP_MS[tier];
