import { type Bucket, bucketOf, mergeBuckets } from "../../tiers/rollup.js";
import {
  bucketEnd,
  bucketStart,
  COARSER,
  FINER,
  ROLLED_TIERS,
  type RolledTier,
} from "../../tiers/tier.js";
import type { Connection } from "../connection.js";
import type { Cycles } from "../cycles/cycles.js";
import { openSampleStore, openSeries } from "../samples.js";
import { openBuckets } from "./buckets.js";
import { openProgress } from "./progress.js";

/** Wait this long after a bucket's end, ms, for late frames; later ones make their bucket dirty. */
const LATE_MS = 5_000;

/** Rolls up each tier from the finer one. */
export interface Roller {
  /**
   * Rolls up one bucket that has ended, of the finest tier that has one. The result depends only on the data, not on
   * how often and in which order this is done.
   * @returns false if nothing is due
   */
  rollUp(wan: number, nowMs: number): boolean;
  /** New data of a WAN was stored: looks for due buckets again. */
  touch(wan: number): void;
  /** Whether all data of a WAN is rolled up. */
  isIdle(wan: number): boolean;
}

/** @param midway called when a bucket is written but not committed */
export function openRoller(
  db: Connection,
  cycles: Cycles,
  midway: () => void,
): Roller {
  const samples = openSampleStore(db);
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  const series = openSeries(db);

  /** The first instant from `fromMs` on with data to roll up. */
  function firstMs(tier: RolledTier, wan: number, fromMs: number) {
    const finer = FINER[tier];
    if (finer !== "raw") return buckets.firstMs(finer, wan, fromMs);
    const sampleMs = samples.firstMs(wan, fromMs);
    for (const { atMs } of cycles.between(wan, fromMs, Number.MAX_SAFE_INTEGER))
      return Math.min(atMs, sampleMs ?? atMs);
    return sampleMs;
  }

  /** The earliest time at which an up-to-date WAN can have a bucket due, without new data. */
  const dueMs = new Map<number, number>();

  /** The next bucket to roll up, including dirty ones, and when it is due; Infinity if there is none. */
  function next(tier: RolledTier, wan: number) {
    const newMs = firstMs(tier, wan, progress.untilMs(tier, wan));
    const starts = [
      progress.oldestDirty(tier, wan),
      newMs && bucketStart(tier, newMs),
    ];
    const known = starts.filter((startMs) => startMs !== null);
    const startMs = Math.min(...known);
    return { startMs, endedMs: bucketEnd(tier, startMs) + LATE_MS };
  }

  function made(tier: RolledTier, wan: number, startMs: number): Bucket | null {
    const range = [wan, startMs, bucketEnd(tier, startMs)] as const;
    const finer = FINER[tier];
    return finer === "raw"
      ? bucketOf(
          [...cycles.between(...range)],
          samples.between(...range),
          series.ofCycle(wan),
        )
      : mergeBuckets(buckets.between(finer, ...range));
  }

  const replace = db.transaction(
    (tier: RolledTier, wan: number, startMs: number) => {
      buckets.put(tier, wan, startMs, made(tier, wan, startMs));
      midway();
      progress.clearDirty(tier, wan, startMs);
      progress.rolledUntil(tier, wan, bucketEnd(tier, startMs));
      const next = COARSER[tier];
      if (next !== null && startMs < progress.untilMs(next, wan))
        progress.markDirty(next, wan, bucketStart(next, startMs));
    },
  );

  return {
    isIdle: (wan) => dueMs.get(wan) === Infinity,
    touch: (wan) => void dueMs.delete(wan),
    rollUp(wan, nowMs) {
      if (nowMs < (dueMs.get(wan) ?? 0)) return false;
      let earliestMs = Infinity;
      for (const tier of ROLLED_TIERS) {
        const { startMs, endedMs } = next(tier, wan);
        earliestMs = Math.min(earliestMs, endedMs);
        if (endedMs > nowMs) continue;
        replace.immediate(tier, wan, startMs);
        return true;
      }
      dueMs.set(wan, earliestMs);
      return false;
    },
  };
}
