import type { Frame } from "../../shared/contract/frame.js";
import { type Bucket, bucketOf, mergeBuckets } from "../tiers/rollup.js";
import {
  bucketEnd,
  bucketStart,
  COARSER,
  ROLLED_TIERS,
  type RolledTier,
} from "../tiers/tier.js";
import { openBuckets } from "./buckets.js";
import type { Connection } from "./connection.js";
import { openProgress } from "./roller.js";
import type { Run } from "./runs.js";
import { inSampleUnits } from "./samples.js";
import { openSeries } from "./series.js";

/** Frames of times that are rolled up already. Used within the transaction that enters the frame into the ledger. */
export interface Latecomers {
  /**
   * Where raw data of its time is kept, makes the bucket of a late frame dirty. Where it has expired, merges the frame into
   * the finest tier still kept.
   * @returns whether it was merged: then it is no row of its own
   */
  merge(run: Run, frame: Frame): boolean;
}

export function openLatecomers(db: Connection): Latecomers {
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  const series = openSeries(db);

  /** A bucket of this frame alone; null for what is never rolled up. */
  function alone({ wan }: Run, frame: Frame): Bucket | null {
    const { at: atMs } = frame;
    if (frame.kind === "cycle")
      return bucketOf([{ ...frame, atMs }], [], series.ofCycle(wan));
    if (frame.kind !== "sample") return null;
    const id = series.idOf(wan, frame.metric, frame.labels);
    const value = inSampleUnits(frame.value);
    return bucketOf([], [{ series: id, atMs, value }], []);
  }

  function soil(tier: RolledTier, wan: number, atMs: number): void {
    if (atMs < progress.untilMs(tier, wan))
      progress.soil(tier, wan, bucketStart(tier, atMs));
  }

  function add(tier: RolledTier, wan: number, atMs: number, bucket: Bucket) {
    const startMs = bucketStart(tier, atMs);
    const known = buckets.between(tier, wan, startMs, bucketEnd(tier, startMs));
    buckets.put(tier, wan, startMs, mergeBuckets([...known, bucket]));
    const next = COARSER[tier];
    if (next !== null) soil(next, wan, startMs);
  }

  return {
    merge(run, frame) {
      if (frame.kind !== "cycle" && frame.kind !== "sample") return false;
      const { wan } = run;
      const { at: atMs } = frame;
      if (atMs >= progress.fromMs("raw", wan)) {
        soil("1m", wan, atMs);
        return false;
      }
      const bucket = alone(run, frame);
      const kept = ROLLED_TIERS.find(
        (tier) => atMs >= progress.fromMs(tier, wan),
      );
      if (bucket !== null) add(kept ?? "1h", wan, atMs, bucket);
      return true;
    },
  };
}
