import { clamp } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import { cut } from "./cut.js";
import type { Sample } from "./estimator.js";
import { ageMs, lastSamples, silenceMs } from "./evidence.js";
import {
  withRate,
  withCause,
  isWorse,
  packetMs,
  type RateState,
  type StepInput,
  trimMs,
  windowMs,
} from "./rate-state.js";
import { recentRate } from "./traffic.js";
import { type Gains, TUNING } from "./tuning.js";
import { mayHaveQueued } from "./two-way/load-gate.js";

/** A rate, and what the line was seen to carry: at the last cut, and before its last great change. */
interface Memory {
  readonly bps: number;
  readonly carriedBps: number | null;
  readonly recalledBps: number | null;
}

/**
 * Growth as a part of the rate, per second: slow where capacity was met before, fast elsewhere; beyond it less fast the
 * longer the queue that it takes to tell.
 * @param promptness how soon a queue can be told, as a part of how soon where packets take no time
 */
export function growthPerS(
  { bps, carriedBps, recalledBps }: Memory,
  isSettling: boolean,
  { fastPerS, slowPerS }: Gains,
  promptness: number,
): number {
  const beyondPerS = Math.max(slowPerS, promptness ** 2 * fastPerS);
  const z = carriedBps === null ? 0 : bps / carriedBps;
  if (isSettling && z >= 0.96) return 0;
  // so far above it without a queue it was no capacity
  const refuted = (ratio: number) =>
    interpolate(ratio, 1.25, beyondPerS, 1.6, fastPerS);
  const byLast =
    z < 0.97
      ? fastPerS
      : z < 1.005
        ? slowPerS
        : z < 1.06
          ? interpolate(z, 1.005, slowPerS, 1.06, beyondPerS)
          : refuted(z);
  const y = recalledBps === null ? 0 : bps / recalledBps;
  const byRecalled =
    y < 0.95
      ? Infinity
      : y < 1.06
        ? interpolate(y, 1, 4 * slowPerS, 1.06, beyondPerS)
        : refuted(y);
  return Math.min(byLast, byRecalled);
}

/** A straight line from (x0, y0) to (x1, y1), level outside. */
const interpolate = (
  x: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): number => y0 + (y1 - y0) * clamp((x - x0) / (x1 - x0), 0, 1);

/** How much of the growth is left as the delta nears the trim: all up to `queueMs` of queue, none at the trim. */
function taper(worstMs: number, trimMs: number, slackMs: number): number {
  const full = Math.min(TUNING.queueMs + slackMs, trimMs / 2);
  return clamp((trimMs - worstMs) / (trimMs - full), 0, 1);
}

/** The next rate of one direction, within floor and ceiling (law.md 2). */
export function nextRate(before: RateState, input: StepInput): RateState {
  const { limits, now } = input;
  const state = {
    ...withLoad(before, input),
    targetMs: limits.targetMs + input.roundTripSlackMs,
  };
  const silent = silenceMs(input.evidence, now);
  if (silent === Infinity) return withCause(state, "start", null);
  if (silent > TUNING.blackoutMs)
    return withCause(
      withRate(state, Math.min(state.bps, limits.baseBps), limits),
      "blackout",
      silent,
    );
  if (silent > TUNING.silenceMs) return withCause(state, "silence", silent);
  const votes = lastSamples(
    input.evidence,
    TUNING.recentSamples,
    state.countsFrom,
  );
  const bad = badOf(votes, state, input);
  if (bad.length >= TUNING.badNeeded) {
    const worstMs = Math.max(
      ...bad.map(({ delayMs }) => delayMs[input.direction]),
    );
    if (!isOwnQueue(state, input, bad))
      return withCause(state, "innocent", worstMs);
    return mayCut(state, worstMs, now)
      ? cut(state, input, votes, bad, worstMs)
      : withCause(state, "refractory", msSince(now, state.refractoryUntil));
  }
  switch (state.mode) {
    case "drain":
      return drain(state, input);
    case "return":
      return returnRate(state, input);
    case "grow":
      return grow(state, input);
  }
}

/** Follows who uses the line. */
function withLoad(
  state: RateState,
  { traffic, direction, elapsedMs, now }: StepInput,
): RateState {
  const overMs = windowMs(TUNING.usedWindowMs, state.bps);
  const loadBps = recentRate(traffic, direction, overMs);
  if (loadBps === null) return state;
  const load = loadBps / state.bps;
  const faded =
    (state.peakLoad ?? 0) * Math.exp(-elapsedMs / TUNING.peakDecayMs);
  const usedAt = load > TUNING.inUseRatio ? now : state.usedAt;
  return { ...state, peakLoad: Math.max(load, faded), usedAt };
}

/** The bad ones: later than the trim and two packets at this rate. */
function badOf(
  votes: readonly Sample[],
  { bps }: RateState,
  input: StepInput,
): readonly Sample[] {
  const ownMs = TUNING.packetsForgiven * packetMs(bps);
  const badMs = trimMs(input) + Math.max(0, ownMs - input.slackMs);
  return votes.filter(({ delayMs }) => delayMs[input.direction] > badMs);
}

/** Probes that tell the way leave no doubt but the load's. */
const isOwnQueue = (
  state: RateState,
  { evidence, direction, limits, isSuspect, slackMs }: StepInput,
  bad: readonly Sample[],
): boolean =>
  bad.every(({ hasOneWay }) => hasOneWay)
    ? mayHaveQueued(state, evidence, direction, limits, slackMs)
    : isSuspect;

const mayCut = (
  { refractoryUntil, lastCut }: RateState,
  worstMs: number,
  now: MonoMs,
): boolean => now >= refractoryUntil || isWorse(worstMs, lastCut);

/** Waits until the queue is seen to be gone. */
function drain(state: RateState, input: StepInput): RateState {
  const newest = lastSamples(input.evidence, 2, state.countsFrom);
  const last = newest.at(-1);
  if (
    last === undefined ||
    last.delayMs[input.direction] > TUNING.drainedMs + input.slackMs ||
    !isClean(state, input)
  )
    return withCause(
      state,
      "drain",
      last?.delayMs[input.direction] ?? input.deltaMs,
    );
  // the patience was for this drain: of a long one it would outlast the next queue
  const refractoryUntil = input.now;
  return returnRate({ ...state, mode: "return", refractoryUntil }, input);
}

/** Back to just under what the line carried when it was cut. */
function returnRate(state: RateState, input: StepInput): RateState {
  if (!isClean(state, input)) return withCause(state, "delta", input.deltaMs);
  const { limits, elapsedMs, now } = input;
  const step = (TUNING.returnPerS * state.returnToBps * elapsedMs) / 1e3;
  const bps = Math.max(
    state.bps,
    Math.min(state.returnToBps, state.bps + step),
  );
  const next = withCause(withRate(state, bps, limits), "return", null);
  return bps < state.returnToBps
    ? next
    : { ...next, mode: "grow", settledAt: later(now, input.gains.settleMs) };
}

/** Looks for room, while the line is used and clean; goes home when nobody uses it. */
function grow(state: RateState, input: StepInput): RateState {
  const { limits, elapsedMs, now, traffic, direction } = input;
  if (!isClean(state, input)) return withCause(state, "delta", input.deltaMs);
  if (state.peakLoad !== null && msSince(state.usedAt, now) > TUNING.idleMs)
    return driftToBase(state, input);
  const overMs = windowMs(TUNING.usedWindowMs, state.bps);
  const loadBps = recentRate(traffic, direction, overMs);
  if (loadBps !== null && loadBps < TUNING.usedRatio * state.bps)
    return withCause(state, "unused", null);
  if (state.bps >= limits.ceilingBps) return withCause(state, "limit", null);
  const knownBps = TUNING.probingRatio * (state.carriedBps ?? 0);
  if (!input.mayProbe && state.bps >= knownBps)
    return withCause(state, "turn", null);
  const settlingMs = msSince(now, state.settledAt);
  const perS =
    loadBps === null
      ? TUNING.blindPerS
      : growthPerS(
          state,
          settlingMs > 0,
          input.gains,
          1 - input.slackMs / trimMs(input),
        );
  if (perS === 0) return withCause(state, "settle", settlingMs);
  const worstMs = worstOfTwo(state, input);
  const h = taper(worstMs, trimMs(input), input.slackMs);
  const bps = state.bps * (1 + (perS * h * elapsedMs) / 1e3);
  return withCause(withRate(state, bps, limits), "raise", worstMs);
}

/** Drifts to base: what the line carried long ago is no news. */
function driftToBase(
  state: RateState,
  { limits, elapsedMs }: StepInput,
): RateState {
  const step = (TUNING.idlePerS * limits.baseBps * elapsedMs) / 1e3;
  const bps = state.bps + clamp(limits.baseBps - state.bps, -step, step);
  const isHome = bps === limits.baseBps;
  const forgotten = isHome ? { carriedBps: null, recalledBps: null } : {};
  return {
    ...withCause(
      withRate(state, bps, limits),
      isHome ? "unused" : "idle",
      null,
    ),
    ...forgotten,
  };
}

/** May a rate rise now? Both newest samples below the trim, the smoothed delta below the target, nothing overdue. */
function isClean(state: RateState, input: StepInput): boolean {
  if (input.deltaMs === null) return false;
  const expectedMs =
    input.leastRttMs + trimMs(input) + TUNING.overdueMs + 3 * input.spacingMs;
  return (
    input.deltaMs <= state.targetMs &&
    worstOfTwo(state, input) <= trimMs(input) &&
    ageMs(input.evidence, input.now) <= expectedMs
  );
}

/** The larger of the two newest samples that count; Infinity where there are not two. */
function worstOfTwo(
  { countsFrom }: RateState,
  { evidence, direction }: StepInput,
): number {
  const [one, two] = lastSamples(evidence, 2, countsFrom);
  return one === undefined || two === undefined
    ? Infinity
    : Math.max(one.delayMs[direction], two.delayMs[direction]);
}
