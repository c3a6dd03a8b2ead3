import {
  bucketStart,
  COARSER,
  ROLLED_TIERS,
  STEP_MS,
  TIERS,
  type PerTier,
  type RolledTier,
  type Tier,
} from "./tier.js";

/** How long each tier is kept, ms. */
export type Keep = PerTier<number>;

/** How far the tiers of one WAN are. */
export interface Standing {
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
export function plan(keep: Keep, standing: Standing, nowMs: number): Expiry[] {
  const wishes = wishedCuts(keep, nowMs);
  let finerMs = Infinity;
  return TIERS.flatMap((tier) => {
    const next = COARSER[tier];
    const { fromMs } = standing;
    const cutMs = Math.min(wishes[tier], limit(tier, standing));
    const beforeMs = Math.max(
      fromMs[tier],
      Math.min(cutMs, bucketStart(next ?? "1h", finerMs)),
    );
    finerMs = beforeMs;
    return expiry(tier, beforeMs, standing);
  });
}

/** By age alone. Upwards, so that nothing outlives its time; and nothing is kept longer than what is coarser. */
function wishedCuts(keep: Keep, nowMs: number): PerTier<number> {
  const above = (tier: RolledTier, atMs: number) =>
    bucketStart(tier, atMs - 1) + STEP_MS[tier];
  const five = above("1h", nowMs - keep["5m"]);
  const minute = Math.max(above("5m", nowMs - keep["1m"]), five);
  const raw = Math.max(above("1m", nowMs - keep.raw), minute);
  const hour = bucketStart("1h", nowMs - keep["1h"]);
  return { raw, "1m": minute, "5m": five, "1h": hour };
}

/** So much of the oldest goes at once when room is needed. */
const CUT_MS = { raw: 10 * STEP_MS["1m"], "1m": 6 * STEP_MS["1h"] } as const;

/** What goes first when room is needed: the oldest raw, then the oldest minutes; null where nothing may go. */
export function relief(standing: Standing): Expiry | null {
  const { oldestMs, fromMs } = standing;
  const rawMs = Math.max(oldestMs.raw ?? Infinity, fromMs.raw);
  for (const [tier, finerMs] of [
    ["raw", Infinity],
    ["1m", rawMs],
  ] as const) {
    const next = COARSER[tier];
    const cutMs = Math.min((oldestMs[tier] ?? 0) + CUT_MS[tier], finerMs);
    const beforeMs = Math.min(bucketStart(next, cutMs), limit(tier, standing));
    const [found] = expiry(tier, Math.max(beforeMs, fromMs[tier]), standing);
    if (found !== undefined) return found;
  }
  return null;
}

/** What the next tier has, and will not be made from this one again. */
function limit(tier: Tier, standing: Standing): number {
  const next = COARSER[tier];
  if (next === null) return Infinity;
  const { untilMs, dirtyMs, awaitedMs } = standing;
  const awaited = tier === "raw" ? awaitedMs : null;
  const heldMs = Math.min(dirtyMs[next] ?? Infinity, awaited ?? Infinity);
  return bucketStart(next, Math.min(untilMs[next], heldMs));
}

/** Only where there is something to expire. */
function expiry(tier: Tier, beforeMs: number, standing: Standing): Expiry[] {
  const oldestMs = standing.oldestMs[tier];
  return oldestMs !== null && oldestMs < beforeMs ? [{ tier, beforeMs }] : [];
}

/** How far each tier is behind, ms. */
export const lagMs = (
  { untilMs }: Standing,
  newestMs: number,
): Record<RolledTier, number> =>
  Object.fromEntries(
    ROLLED_TIERS.map((tier) => [tier, Math.max(0, newestMs - untilMs[tier])]),
  ) as Record<RolledTier, number>;
