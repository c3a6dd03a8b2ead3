import type { PerDirection } from "../../shared/contract/direction.js";
import { maybe } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { Reply } from "./inputs.js";
import { TUNING } from "./tuning.js";

/** Weight of a new value in a first-order filter with this time constant, `ms` after the last one. */
const share = (ms: number, timeConstantMs: number): number =>
  1 - Math.exp(-Math.max(0, ms) / timeConstantMs);

/**
 * A delay in each direction. It follows from the RTT and the difference of the two ways, less the skew: the difference
 * without any queue, which is mostly that of the two clocks.
 */
type OneWayMs = PerDirection<number> | null;

/** The way there less the way back, ms; null where the reflector does not report it. */
const skewOf = (oneWayMs: OneWayMs): number | null =>
  oneWayMs === null ? null : oneWayMs.upload - oneWayMs.download;

/** A delta by direction, ms; null without one-way delays, or while the skew is unknown. */
function split(
  deltaMs: number,
  skewMs: number | null,
  oneWayMs: OneWayMs,
): OneWayMs {
  const differenceMs = skewOf(oneWayMs);
  if (differenceMs === null || skewMs === null) return null;
  const shiftMs = differenceMs - skewMs;
  return { upload: (deltaMs + shiftMs) / 2, download: (deltaMs - shiftMs) / 2 };
}

/**
 * The skew after one more reply. Clocks drift, so it follows while no queue stands. Clocks step, so it is discarded when
 * the ways differ by more than a queue explains: the delta, and packets of our own that the baseline may contain.
 */
function followSkew(
  skewMs: number | null,
  oneWayMs: OneWayMs,
  deltaMs: number,
  elapsedMs: number,
  ownMs: number,
): number | null {
  const differenceMs = skewOf(oneWayMs);
  if (differenceMs === null) return skewMs;
  const shiftMs = differenceMs - (skewMs ?? differenceMs);
  const isPossible =
    Math.abs(shiftMs) <= Math.abs(deltaMs) + TUNING.skewToleranceMs + ownMs;
  if (deltaMs > TUNING.baselineNearMs) return isPossible ? skewMs : null;
  // a path shorter than the baseline was never seen without a queue before
  const isKnown = skewMs !== null && deltaMs >= -TUNING.skewToleranceMs;
  return isKnown && isPossible
    ? skewMs + shiftMs * share(elapsedMs, TUNING.skewMs)
    : differenceMs;
}

/** The RTT of one reflector without a queue. Reflectors differ by many ms, so each has its own. */
interface Baseline {
  readonly ms: number;
  readonly at: MonoMs;
  /** The way there less the way back without a queue; null where unknown. */
  readonly skewMs: number | null;
  /** The least RTT since `leastFrom`: the next baseline if none near it comes, since this law empties its queue often. */
  readonly leastMs: number;
  readonly leastFrom: MonoMs;
}

/** A reply relative to its reflector's baseline; negative below it. */
export interface Sample {
  readonly sentAt: MonoMs;
  readonly receivedAt: MonoMs;
  readonly deltaMs: number;
  /** What each direction's queue may have added: its share where one-way delays are known, else all of it. */
  readonly delayMs: PerDirection<number>;
  readonly hasOneWay: boolean;
}

/** What is known of the path. */
export interface Estimate {
  /** By reflector. */
  readonly baselines: readonly (Baseline | null)[];
  /** Smoothed delta, signed, ms; null before the first reply. */
  readonly deltaMs: number | null;
  readonly deltaAt: MonoMs | null;
}

/** @param baselinesMs of an earlier run, by reflector; null or missing: unknown */
export const rememberedPath = (
  reflectors: number,
  baselinesMs: readonly (number | null)[],
  now: MonoMs,
): Estimate => ({
  baselines: Array.from({ length: reflectors }, (_, index) =>
    maybe(baselinesMs[index] ?? null, (ms) => baselineOf(ms, null, now)),
  ),
  deltaMs: null,
  deltaAt: null,
});

/**
 * Updates baselines and delta with the replies of a cycle, in order. Each reply becomes a sample.
 * @param isAtFloor whether a rate is at its floor, where a queue may stand that no cut empties
 * @param ownMs what packets of our own may add to a delay
 */
export function estimate(
  before: Estimate,
  replies: readonly Reply[],
  isAtFloor: boolean,
  ownMs = 0,
): { after: Estimate; samples: Sample[] } {
  if (replies.length === 0) return { after: before, samples: [] };
  const baselines = [...before.baselines];
  const samples: Sample[] = [];
  let { deltaMs, deltaAt } = before;
  for (const reply of replies) {
    const { reflector, rttMs, sentAt, receivedAt } = reply;
    const baseline = follow(
      baselines[reflector] ?? null,
      reply,
      isAtFloor,
      ownMs,
    );
    baselines[reflector] = baseline;
    const above = rttMs - baseline.ms;
    const delayMs = split(above, baseline.skewMs, reply.oneWayMs);
    samples.push({
      sentAt,
      receivedAt,
      deltaMs: above,
      delayMs: delayMs ?? { download: above, upload: above },
      hasOneWay: delayMs !== null,
    });
    deltaMs =
      deltaMs === null || deltaAt === null
        ? above
        : deltaMs +
          (above - deltaMs) *
            share(msSince(deltaAt, receivedAt), TUNING.deltaSmoothingMs);
    deltaAt = receivedAt;
  }
  // the smoothed delta may lag behind a path that became shorter; no RTT is negative
  const least = -(median(knownMs(baselines)) ?? 0);
  deltaMs = Math.max(least, deltaMs ?? least);
  return { after: { baselines, deltaMs, deltaAt }, samples };
}

/** The baseline after one more RTT of its reflector. */
function follow(
  before: Baseline | null,
  reply: Reply,
  isAtFloor: boolean,
  ownMs: number,
): Baseline {
  const { rttMs, receivedAt: at, oneWayMs } = reply;
  if (before === null) return baselineOf(rttMs, skewOf(oneWayMs), at);
  const above = rttMs - before.ms;
  const timeConstantMs =
    above < 0
      ? TUNING.baselineFallMs
      : above <= TUNING.baselineNearMs
        ? TUNING.baselineRiseMs
        : TUNING.baselineClimbMs;
  const elapsedMs = msSince(before.at, at);
  const isLeap = before.leastMs - before.ms > TUNING.longerPathMs;
  const doubtMs = isLeap
    ? TUNING.longerPathAfterMs
    : isAtFloor
      ? TUNING.baselineWindowAtFloorMs
      : TUNING.baselineWindowMs;
  const isOver = msSince(before.leastFrom, at) > doubtMs;
  const ms = before.ms + above * share(elapsedMs, timeConstantMs);
  return {
    // no RTT near the baseline for so long: the path has become longer
    ms: isOver ? Math.max(ms, before.leastMs) : ms,
    at,
    leastMs: isOver ? rttMs : Math.min(before.leastMs, rttMs),
    leastFrom: isOver ? at : before.leastFrom,
    skewMs: followSkew(before.skewMs, oneWayMs, above, elapsedMs, ownMs),
  };
}

const baselineOf = (
  ms: number,
  skewMs: number | null,
  at: MonoMs,
): Baseline => ({ ms, at, skewMs, leastMs: ms, leastFrom: at });

/** The least baseline: the soonest that a cut can show an effect. Null before the first reply. */
export const leastBaselineMs = ({ baselines }: Estimate): number | null => {
  const known = knownMs(baselines);
  return known.length === 0 ? null : Math.min(...known);
};

/** The published baseline: the median over reflectors. Null before the first reply. */
export const baselineMs = ({ baselines }: Estimate): number | null =>
  median(knownMs(baselines));

/** Without reflectors that no longer answer: the path may have changed since. */
function knownMs(baselines: Estimate["baselines"]): number[] {
  const known = baselines.filter((baseline) => baseline !== null);
  const newest = Math.max(...known.map(({ at }) => at));
  return known.flatMap(({ ms, at }) =>
    newest - at <= TUNING.answersMs ? [ms] : [],
  );
}

/** The median; the mean of the middle two of an even number; null of an empty list. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const above = sorted[sorted.length >> 1];
  const below = sorted[(sorted.length - 1) >> 1];
  return above === undefined || below === undefined
    ? null
    : (above + below) / 2;
}
