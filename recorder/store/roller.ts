import { bucketOf, mergeBuckets, type Bucket } from "../tiers/bucket.js";
import {
  bucketEnd,
  bucketStart,
  COARSER,
  FINER,
  ROLLED_TIERS,
  type RolledTier,
} from "../tiers/tier.js";
import { openBuckets } from "./buckets.js";
import type { Connection } from "./connection.js";
import type { Cycles } from "./cycles.js";
import { openProgress } from "./progress.js";
import { openSamples } from "./samples.js";
import { openSeries } from "./series.js";

/** Frames of the last seconds may still be on their way; those that come later yet make their bucket dirty. */
const LATE_MS = 5_000;

/** Makes each tier out of the one before. */
export interface Roller {
  /**
   * Rolls up one bucket that has ended, of the finest tier that has one. The same data gives the same tiers, however often
   * and in whatever order this is done.
   * @returns false where nothing is due
   */
  rollUp(wan: number, nowMs: number): boolean;
}

/** @param midway called when a bucket is made and not yet committed */
export function openRoller(
  db: Connection,
  cycles: Cycles,
  midway: () => void,
): Roller {
  const samples = openSamples(db);
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  const series = openSeries(db);

  /** The first moment from `fromMs` on of which there is anything to roll up. */
  function firstMs(tier: RolledTier, wan: number, fromMs: number) {
    if (tier !== "1m") return buckets.firstMs(FINER[tier], wan, fromMs);
    const sampleMs = samples.firstMs(wan, fromMs);
    for (const { atMs } of cycles.between(wan, fromMs, Number.MAX_SAFE_INTEGER))
      return Math.min(atMs, sampleMs ?? atMs);
    return sampleMs;
  }

  /** The start of a bucket that has ended, dirty ones first; null where there is none. */
  function due(tier: RolledTier, wan: number, nowMs: number): number | null {
    const newMs = firstMs(tier, wan, progress.untilMs(tier, wan));
    const starts = [
      progress.oldestDirty(tier, wan),
      newMs && bucketStart(tier, newMs),
    ];
    const ended = (startMs: number | null) =>
      startMs !== null && bucketEnd(tier, startMs) + LATE_MS <= nowMs;
    return starts.find(ended) ?? null;
  }

  function made(tier: RolledTier, wan: number, startMs: number): Bucket | null {
    const range = [wan, startMs, bucketEnd(tier, startMs)] as const;
    return tier === "1m"
      ? bucketOf(
          [...cycles.between(...range)],
          samples.between(...range),
          series.ofCycle(wan),
        )
      : mergeBuckets(buckets.between(FINER[tier], ...range));
  }

  const replace = db.transaction(
    (tier: RolledTier, wan: number, startMs: number) => {
      buckets.put(tier, wan, startMs, made(tier, wan, startMs));
      midway();
      progress.clean(tier, wan, startMs);
      progress.rolledUntil(tier, wan, bucketEnd(tier, startMs));
      const next = COARSER[tier];
      if (next !== null && startMs < progress.untilMs(next, wan))
        progress.soil(next, wan, bucketStart(next, startMs));
    },
  );

  return {
    rollUp(wan, nowMs) {
      for (const tier of ROLLED_TIERS) {
        const startMs = due(tier, wan, nowMs);
        if (startMs === null) continue;
        replace.immediate(tier, wan, startMs);
        return true;
      }
      return false;
    },
  };
}
