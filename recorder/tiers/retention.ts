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

/** How far the tiers of one WAN are. */
export interface TierStanding {
  /** What lies before it is rolled up, dirty buckets aside. */
  readonly untilMs: Readonly<Record<RolledTier, number>>;
  /** The oldest bucket to be rolled up again; null where there is none. */
  readonly dirtyMs: Readonly<Record<RolledTier, number | null>>;
  /** What lies before it has expired; 0 where nothing has. */
  readonly fromMs: PerTier<number>;
  /** The oldest data there is; null where there is none. */
  readonly oldestMs: PerTier<number | null>;
  /** Frames from this time on may still come; null where none are missing. */
  readonly awaitedMs: number | null;
}

/** Everything of a tier before an instant may go. */
export interface Expiry {
  readonly tier: Tier;
  readonly beforeMs: number;
}

/**
 * What is too old and may go, finest first. Cuts lie between buckets of the next tier: what is left of a bucket could
 * otherwise not be told from all of it. No tier is cut beyond a finer one, so that each moment is in one tier alone.
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
    // a cut is news even where nothing lies before it: from then on late frames are merged
    const isDue = beforeMs > Math.min(fromMs[tier], oldestMs[tier] ?? Infinity);
    return isDue ? [{ tier, beforeMs }] : [];
  });
}

/** By age alone. Upwards, so that nothing outlives its time; and nothing is kept longer than what is coarser. */
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

/** So much of the oldest goes at once when room is needed. */
const RAW_CUT_MS = 10 * MINUTE_MS;
const ROLLED_CUT_MS = 6 * HOUR_MS;

/** What goes first when room is needed: the oldest raw, then the oldest minutes; null where nothing may go. */
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

/** What the next tier has, and will not be made from this one again. */
function limit(tier: Tier, standing: TierStanding): number {
  const next = COARSER[tier];
  if (next === null) return Infinity;
  const { untilMs, dirtyMs, awaitedMs } = standing;
  const awaited = tier === "raw" ? awaitedMs : null;
  const heldMs = Math.min(dirtyMs[next] ?? Infinity, awaited ?? Infinity);
  return bucketStart(next, Math.min(untilMs[next], heldMs));
}

/** How far each tier is behind the newest, ms; before it has begun, behind by all there is. */
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
