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
 * otherwise not be told from all of it.
 */
export function plan(keep: Keep, standing: Standing, nowMs: number): Expiry[] {
  return TIERS.flatMap((tier) => {
    const tooOldMs = nowMs - keep[tier];
    const next = COARSER[tier];
    const beforeMs =
      next === null
        ? bucketStart("1h", tooOldMs)
        : Math.min(
            // up, so that nothing outlives its time
            bucketStart(next, tooOldMs - 1) + STEP_MS[next],
            limit(tier, next, standing),
          );
    return expiry(tier, beforeMs, standing);
  });
}

/** So much of the oldest goes at once when room is needed. */
const CUT_MS = { raw: 10 * STEP_MS["1m"], "1m": 6 * STEP_MS["1h"] } as const;

/** What goes first when room is needed: the oldest raw, then the oldest minutes; null where nothing may go. */
export function relief(standing: Standing): Expiry | null {
  for (const tier of ["raw", "1m"] as const) {
    const next = tier === "raw" ? "1m" : "5m";
    const oldestMs = standing.oldestMs[tier];
    if (oldestMs === null) continue;
    const beforeMs = Math.min(
      bucketStart(next, oldestMs + CUT_MS[tier]),
      limit(tier, next, standing),
    );
    const [found] = expiry(tier, beforeMs, standing);
    if (found !== undefined) return found;
  }
  return null;
}

/** What the next tier has, and will not be made from this one again. */
function limit(tier: Tier, next: RolledTier, standing: Standing): number {
  const { untilMs, dirtyMs, awaitedMs } = standing;
  const awaited = tier === "raw" ? awaitedMs : null;
  const heldMs = Math.min(dirtyMs[next] ?? Infinity, awaited ?? Infinity);
  return bucketStart(next, Math.min(untilMs[next], heldMs));
}

/** Only where there is something to expire. What was condemned once stays condemned. */
function expiry(tier: Tier, cutMs: number, standing: Standing): Expiry[] {
  const beforeMs = Math.max(cutMs, standing.fromMs[tier]);
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
