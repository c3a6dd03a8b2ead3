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

/** Write limits of a kind of router, to spare its CPU, API and flash. */
export interface WritePace {
  /** Separate for cuts and raises, so that raises never delay a cut. */
  readonly limits: Readonly<Record<RateChange, RateLimit>>;
  /** A change smaller than this fraction of the rate is written only once the desired rate has settled. */
  readonly minRatio: Readonly<Record<RateChange, number>>;
  /** A desired rate unchanged for this long, ms, has settled: it is written however small the change. */
  readonly settleMs: number;
  /** Time between read-backs without writes, ms. */
  readonly lookMs: number;
}

/** Without limits, for the final rates at a stop. */
export const isUrgent = (pace: WritePace): WritePace => ({
  ...pace,
  limits: { cut: MANY, raise: MANY },
  minRatio: { cut: 0, raise: 0 },
});

const MANY: RateLimit = { perS: 1e6, burst: 1e6 };

/** One direction's desired and actual rate. */
export interface DesiredWrite {
  readonly desiredBps: number;
  readonly desiredAt: MonoMs;
  readonly actualBps: number;
  /** False if it is uncertain who set the rate; any difference is then written. */
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

/** The next write: cuts before raises, larger changes first; null if nothing is due or the limits are used up. */
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
