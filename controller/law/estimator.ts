import type { PerDirection } from "../../shared/contract/direction.js";
import { maybe } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { Reply } from "./inputs.js";
import { TUNING } from "./tuning.js";

/** What part of the way to a new value a filter with this time constant goes in `ms`. */
const share = (ms: number, timeConstantMs: number): number =>
  1 - Math.exp(-Math.max(0, ms) / timeConstantMs);

/**
 * Which way a delay was. A round trip and the difference of its ways make both, but for the skew: what the difference is
 * when no queue stands, mostly that of two clocks.
 */
type OneWayMs = PerDirection<number> | null;

/** The way there less the way back, ms; null where the reflector does not tell. */
const skewOf = (oneWayMs: OneWayMs): number | null =>
  oneWayMs === null ? null : oneWayMs.upload - oneWayMs.download;

/** A delta by direction, ms; null where the reflector does not tell, or its clock is not known. */
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
 * The skew after one more reply. Clocks drift, so it follows while no queue stands; clocks step, so it is void when the
 * ways differ by more than any queue can explain: by more than there is delta, and packets of our own that the baseline
 * may have taken for the path.
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
  // a path this much shorter than known was never seen without a queue
  const isKnown = skewMs !== null && deltaMs >= -TUNING.skewToleranceMs;
  return isKnown && isPossible
    ? skewMs + shiftMs * share(elapsedMs, TUNING.skewMs)
    : differenceMs;
}

/** The idle RTT of one reflector. Reflectors differ by many ms, so none is measured against another's. */
interface Baseline {
  readonly ms: number;
  readonly at: MonoMs;
  /** The way there less the way back when idle, which is mostly the clocks' difference; null where unknown. */
  readonly skewMs: number | null;
  /** The least RTT since `leastFrom`: what the baseline becomes at the latest, for this law empties its queue often. */
  readonly leastMs: number;
  readonly leastFrom: MonoMs;
}

/** A reply, as far above its reflector's baseline as it was; negative when it was below. */
export interface Sample {
  readonly sentAt: MonoMs;
  readonly receivedAt: MonoMs;
  readonly deltaMs: number;
  /** What of it each direction's queue may have added: its share, where the reflector tells, else all of it. */
  readonly delayMs: PerDirection<number>;
  readonly hasOneWay: boolean;
}

/** What is known of the path. Null before the first reply. */
export interface Estimate {
  /** By reflector. */
  readonly baselines: readonly (Baseline | null)[];
  /** Smoothed delta, signed. */
  readonly deltaMs: number | null;
  readonly deltaAt: MonoMs | null;
}

/** @param baselinesMs of an earlier run, by reflector; null and missing ones are unknown */
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
 * Follows baseline and delta through the replies of a beat, in order. Each reply becomes a sample.
 * @param isPinned whether a queue may stand that no cut empties
 * @param ownMs what packets of our own may add to a delay
 */
export function estimate(
  before: Estimate,
  replies: readonly Reply[],
  isPinned: boolean,
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
      isPinned,
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
  // The path may have become shorter than the smoothing knows yet; no RTT is below zero.
  const least = -(median(knownMs(baselines)) ?? 0);
  deltaMs = Math.max(least, deltaMs ?? least);
  return { after: { baselines, deltaMs, deltaAt }, samples };
}

/** The baseline after one more RTT of its reflector (control.md A1.4, law.md 2). */
function follow(
  before: Baseline | null,
  reply: Reply,
  isPinned: boolean,
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
    : isPinned
      ? TUNING.baselineWindowAtFloorMs
      : TUNING.baselineWindowMs;
  const isOver = msSince(before.leastFrom, at) > doubtMs;
  const ms = before.ms + above * share(elapsedMs, timeConstantMs);
  return {
    // so long without an RTT near the baseline: the path itself has become longer
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

/** The least baseline: how soon an answer can be here at all. Null before the first reply. */
export const leastBaselineMs = ({ baselines }: Estimate): number | null => {
  const known = knownMs(baselines);
  return known.length === 0 ? null : Math.min(...known);
};

/** The baseline for people: the median over reflectors. Null before the first reply. */
export const baselineMs = ({ baselines }: Estimate): number | null =>
  median(knownMs(baselines));

/** Of those who answer: who was last heard long before the others may know another path. */
function knownMs(baselines: Estimate["baselines"]): number[] {
  const known = baselines.filter((baseline) => baseline !== null);
  const newest = Math.max(...known.map(({ at }) => at));
  return known.flatMap(({ ms, at }) =>
    newest - at <= TUNING.answersMs ? [ms] : [],
  );
}

/** The median; of an even number the mean of the middle two; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const above = sorted[sorted.length >> 1];
  const below = sorted[(sorted.length - 1) >> 1];
  return above === undefined || below === undefined
    ? null
    : (above + below) / 2;
}
