import { HOUR_MS, MINUTE_MS } from "../../shared/contract/units.js";
import {
  bucketStart,
  COARSER,
  COARSEST,
  eachTier,
  FINEST_ROLLED,
  type PerTier,
  ROLLED_TIERS,
  type RolledTier,
  STEP_MS,
  type Tier,
  TIERS,
} from "./tier.js";

/** How long each tier is kept, ms. */
export type Keep = PerTier<number>;

/** The progress of one WAN's tiers. */
export interface TierStanding {
  /** Everything before it is rolled up, except dirty buckets. */
  readonly untilMs: Readonly<Record<RolledTier, number>>;
  /** The oldest bucket to be rolled up again; null if there is none. */
  readonly dirtyMs: Readonly<Record<RolledTier, number | null>>;
  /** Everything before it has expired; 0 if nothing has. */
  readonly fromMs: PerTier<number>;
  /** The oldest data; null if there is none. */
  readonly oldestMs: PerTier<number | null>;
  /** Frames from this time on may still arrive; null if none are missing. */
  readonly awaitedMs: number | null;
}

/** Everything of a tier before an instant may be deleted. */
export interface Expiry {
  readonly tier: Tier;
  readonly beforeMs: number;
}

/**
 * What has expired and may be deleted, finest first. Cuts are at bucket bounds of the next tier, as a partial bucket
 * could not be told from a whole one. No tier is cut later than a finer one, so that each instant is in one tier only.
 */
export function plan(
  keep: Keep,
  standing: TierStanding,
  nowMs: number,
): Expiry[] {
  const wishes = wishedCuts(keep, nowMs);
  let finerMs = Infinity;
  return TIERS.flatMap((tier) => {
    const next = COARSER[tier];
    const { fromMs, oldestMs } = standing;
    const cutMs = Math.min(wishes[tier], limit(tier, standing));
    const beforeMs = Math.max(
      fromMs[tier],
      Math.min(cutMs, bucketStart(next ?? COARSEST, finerMs)),
    );
    finerMs = beforeMs;
    // a cut matters even if nothing is before it: from then on late frames are merged
    const isDue = beforeMs > Math.min(fromMs[tier], oldestMs[tier] ?? Infinity);
    return isDue ? [{ tier, beforeMs }] : [];
  });
}

/** Cuts by age alone, rounded up: nothing outlives its retention, and no tier outlives a coarser one. */
function wishedCuts(keep: Keep, nowMs: number): PerTier<number> {
  const above = (tier: RolledTier, atMs: number) =>
    bucketStart(tier, atMs - 1) + STEP_MS[tier];
  let coarserMs = -Infinity;
  const cutOf = (tier: Tier): number => {
    const next = COARSER[tier];
    if (next === null) return bucketStart(COARSEST, nowMs - keep[tier]);
    coarserMs = Math.max(above(next, nowMs - keep[tier]), coarserMs);
    return coarserMs;
  };
  const cuts = new Map([...TIERS].reverse().map((tier) => [tier, cutOf(tier)]));
  return eachTier((tier) => cuts.get(tier) ?? 0);
}

/** Time range deleted at once when room is needed, ms. */
const RAW_CUT_MS = 10 * MINUTE_MS;
const ROLLED_CUT_MS = 6 * HOUR_MS;

/** What to delete first when room is needed: the oldest raw data, then the oldest minutes; null if nothing may be. */
export function relief(standing: TierStanding): Expiry | null {
  const { oldestMs, fromMs } = standing;
  const cut = (tier: Tier, cutMs: number, mostMs: number): number => {
    const oldest = oldestMs[tier] ?? Infinity;
    const next = COARSER[tier] ?? COARSEST;
    const beforeMs = bucketStart(next, Math.min(oldest + cutMs, mostMs));
    return oldest < beforeMs ? beforeMs : 0;
  };
  const rawLimitMs = limit("raw", standing);
  const rawMs = cut("raw", RAW_CUT_MS, rawLimitMs);
  if (rawMs > 0) return { tier: "raw", beforeMs: Math.max(rawMs, fromMs.raw) };
  const minuteMs = cut(
    FINEST_ROLLED,
    ROLLED_CUT_MS,
    Math.min(
      limit(FINEST_ROLLED, standing),
      rawLimitMs,
      oldestMs.raw ?? Infinity,
    ),
  );
  if (minuteMs === 0) return null;
  return fromMs.raw < minuteMs
    ? { tier: "raw", beforeMs: minuteMs }
    : {
        tier: FINEST_ROLLED,
        beforeMs: Math.max(minuteMs, fromMs[FINEST_ROLLED]),
      };
}

/** Up to where a tier may be deleted: the next tier has it, and will not be made from it again. */
function limit(tier: Tier, standing: TierStanding): number {
  const next = COARSER[tier];
  if (next === null) return Infinity;
  const { untilMs, dirtyMs, awaitedMs } = standing;
  const awaited = tier === "raw" ? awaitedMs : null;
  const heldMs = Math.min(dirtyMs[next] ?? Infinity, awaited ?? Infinity);
  return bucketStart(next, Math.min(untilMs[next], heldMs));
}

/** How far each tier is behind `newestMs`, ms; by the whole history if it has not begun. */
export const lagMs = (
  { untilMs, oldestMs }: TierStanding,
  newestMs: number,
): Record<RolledTier, number> =>
  Object.fromEntries(
    ROLLED_TIERS.map((tier) => {
      const doneMs = untilMs[tier] || (oldestMs.raw ?? newestMs);
      return [tier, Math.max(0, newestMs - doneMs)];
    }),
  ) as Record<RolledTier, number>;
