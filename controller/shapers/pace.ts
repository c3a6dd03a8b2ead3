import {
  type Direction,
  DIRECTIONS,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import {
  canTake,
  fullBucket,
  type RateLimit,
  taken,
  type TokenBucket,
} from "../../shared/runtime/token-bucket.js";

export type RateChange = "cut" | "raise";

/** How a kind of router is spared: its processor, its API, its flash. */
export interface WritePace {
  /** Cuts and raises have separate limits: no raise ever makes a cut wait. */
  readonly limits: Readonly<Record<RateChange, RateLimit>>;
  /** A change smaller than this fraction of the rate waits until the desired rate has settled. */
  readonly minRatio: Readonly<Record<RateChange, number>>;
  /** ms. A desired rate unchanged for this long has settled: it is written, however small the change. */
  readonly settleMs: number;
  /** ms. How often rates are read back when nothing was written. */
  readonly lookMs: number;
}

/** For rates that are to stay behind: all of it, at once. */
export const isUrgent = (pace: WritePace): WritePace => ({
  ...pace,
  limits: { cut: MANY, raise: MANY },
  minRatio: { cut: 0, raise: 0 },
});

const MANY: RateLimit = { perS: 1e6, burst: 1e6 };

/** One direction: what is wanted since when, what is in force, and whether that is our doing. */
export interface DesiredWrite {
  readonly desiredBps: number;
  readonly desiredAt: MonoMs;
  readonly actualBps: number;
  /** False after whatever made the rates uncertain: then any difference is due. */
  readonly isOurs: boolean;
}

export type TokenBuckets = Readonly<Record<RateChange, TokenBucket>>;

export const fullBuckets = (
  { limits }: WritePace,
  at: MonoMs,
): TokenBuckets => ({
  cut: fullBucket(limits.cut, at),
  raise: fullBucket(limits.raise, at),
});

export const afterWriting = (
  { limits }: WritePace,
  buckets: TokenBuckets,
  change: RateChange,
  now: MonoMs,
): TokenBuckets => ({
  ...buckets,
  [change]: taken(limits[change], buckets[change], 1, now),
});

/** The change that is needed; null if the actual rate is the desired one. */
export const changeOf = ({
  desiredBps,
  actualBps,
}: DesiredWrite): RateChange | null =>
  desiredBps === actualBps ? null : desiredBps < actualBps ? "cut" : "raise";

const ratioOf = ({ desiredBps, actualBps }: DesiredWrite): number =>
  Math.abs(desiredBps - actualBps) / Math.min(desiredBps, actualBps);

const isLargeEnough = (
  write: DesiredWrite,
  change: RateChange,
  pace: WritePace,
  now: MonoMs,
) =>
  !write.isOurs ||
  ratioOf(write) >= pace.minRatio[change] ||
  msSince(write.desiredAt, now) >= pace.settleMs;

/** What is to be written now: a cut before any raise, the larger one first; null when nothing is due or may be spent. */
export function nextWrite(
  writes: PerDirection<DesiredWrite>,
  pace: WritePace,
  buckets: TokenBuckets,
  now: MonoMs,
): { readonly direction: Direction; readonly change: RateChange } | null {
  const due = DIRECTIONS.flatMap((direction) => {
    const write = writes[direction];
    const change = changeOf(write);
    return change !== null &&
      isLargeEnough(write, change, pace, now) &&
      canTake(pace.limits[change], buckets[change], 1, now)
      ? [{ direction, change, ratio: ratioOf(write) }]
      : [];
  });
  due.sort(
    (a, b) =>
      Number(b.change === "cut") - Number(a.change === "cut") ||
      b.ratio - a.ratio,
  );
  return due[0] ?? null;
}
