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
  /** A change by less than this part of the rate waits until the wish stands still. */
  readonly minRatio: Readonly<Record<RateChange, number>>;
  /** A wish that is so old stands still: the rest of it is written, however small. */
  readonly settleMs: number;
  /** The rates are read back so often although nothing was written. */
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
  readonly wishBps: number;
  readonly wishedAt: MonoMs;
  readonly enforcedBps: number;
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

/** Which way the wish lies; null where it is granted. */
export const changeOf = ({
  wishBps,
  enforcedBps,
}: DesiredWrite): RateChange | null =>
  wishBps === enforcedBps ? null : wishBps < enforcedBps ? "cut" : "raise";

const ratioOf = ({ wishBps, enforcedBps }: DesiredWrite): number =>
  Math.abs(wishBps - enforcedBps) / Math.min(wishBps, enforcedBps);

const isLargeEnough = (
  order: DesiredWrite,
  change: RateChange,
  pace: WritePace,
  now: MonoMs,
) =>
  !order.isOurs ||
  ratioOf(order) >= pace.minRatio[change] ||
  msSince(order.wishedAt, now) >= pace.settleMs;

/** What is to be written now: a cut before any raise, the larger one first; null when nothing is due or may be spent. */
export function nextWrite(
  orders: PerDirection<DesiredWrite>,
  pace: WritePace,
  buckets: TokenBuckets,
  now: MonoMs,
): { readonly direction: Direction; readonly change: RateChange } | null {
  const due = DIRECTIONS.flatMap((direction) => {
    const order = orders[direction];
    const change = changeOf(order);
    return change !== null &&
      isLargeEnough(order, change, pace, now) &&
      canTake(pace.limits[change], buckets[change], 1, now)
      ? [{ direction, change, ratio: ratioOf(order) }]
      : [];
  });
  due.sort(
    (a, b) =>
      Number(b.change === "cut") - Number(a.change === "cut") ||
      b.ratio - a.ratio,
  );
  return due[0] ?? null;
}
