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
import { mayHaveQueued } from "./load-gate.js";
import { gainsFor, isRestless } from "./restlessness.js";

/** A rate and the capacities known. */
interface Memory {
  readonly bps: number;
  readonly carriedBps: number | null;
  readonly recalledBps: number | null;
}

/**
 * Growth as a part of the rate per second: slow near a known capacity, fast elsewhere. Beyond it, slower where a queue
 * must be longer to be recognized.
 * @param promptness 1 less the share of the trim that our own packets explain
 */
export function growthPerS(
  { bps, carriedBps, recalledBps }: Memory,
  isSettling: boolean,
  { fastPerS, slowPerS }: Gains,
  promptness: number,
): number {
  const beyondPerS = Math.max(slowPerS, promptness ** 2 * fastPerS);
  const z = carriedBps === null ? 0 : bps / carriedBps;
  if (isSettling && z >= TUNING.settleFromRatio) return 0;
  const { nearFromRatio, nearToRatio, beyondRatio } = TUNING;
  const { recalledFromRatio, recalledToRatio, recalledSlow } = TUNING;
  // a capacity exceeded by so much without a queue was none
  const doubted = (ratio: number) =>
    interpolate(
      ratio,
      [TUNING.doubtFromRatio, beyondPerS],
      [TUNING.disprovedRatio, fastPerS],
    );
  const byLast =
    z < nearFromRatio
      ? fastPerS
      : z < beyondRatio
        ? interpolate(z, [nearToRatio, slowPerS], [beyondRatio, beyondPerS])
        : doubted(z);
  const y = recalledBps === null ? 0 : bps / recalledBps;
  const byRecalled =
    y < recalledFromRatio
      ? Infinity
      : y < beyondRatio
        ? interpolate(
            y,
            [recalledToRatio, recalledSlow * slowPerS],
            [beyondRatio, beyondPerS],
          )
        : doubted(y);
  return Math.min(byLast, byRecalled);
}

/** A straight line between two points, level outside. */
const interpolate = (
  x: number,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): number => y0 + (y1 - y0) * clamp((x - x0) / (x1 - x0), 0, 1);

/** The share of the growth that is left: all up to `queueMs` of queue, none at the trim. */
function taper(worstMs: number, trimMs: number, slackMs: number): number {
  const full = Math.min(
    TUNING.queueMs + slackMs,
    TUNING.taperFromMaxRatio * trimMs,
  );
  return clamp((trimMs - worstMs) / (trimMs - full), 0, 1);
}

/** The next rate of one direction, within floor and ceiling. */
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
  const recent = lastSamples(
    input.evidence,
    TUNING.recentSamples,
    state.countsFrom,
  );
  const bad = badOf(recent, state, input);
  if (bad.length >= TUNING.badNeeded) {
    const worstMs = Math.max(
      ...bad.map(({ delayMs }) => delayMs[input.direction]),
    );
    if (!isOwnQueue(state, input, bad))
      return withCause(state, "innocent", worstMs);
    const { mode } = state;
    return mode.kind === "drain" &&
      now < mode.refractoryUntil &&
      !isWorse(worstMs, state.lastCut)
      ? withCause(state, "refractory", msSince(now, mode.refractoryUntil))
      : cut(state, input, recent, bad, worstMs);
  }
  switch (state.mode.kind) {
    case "drain":
      return drain(state, state.mode.returnToBps, input);
    case "return":
      return returnRate(state, state.mode.returnToBps, input);
    case "grow":
      return grow(state, state.mode.settledAt, input);
  }
}

/** Follows the load. */
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

/** The samples later than the trim and two packets at this rate. */
function badOf(
  recent: readonly Sample[],
  { bps }: RateState,
  input: StepInput,
): readonly Sample[] {
  const ownMs = TUNING.packetsForgiven * packetMs(bps);
  const badMs = trimMs(input) + Math.max(0, ownMs - input.slackMs);
  return recent.filter(({ delayMs }) => delayMs[input.direction] > badMs);
}

/** Whether the delay is this direction's: by one-way delays and load, else by attribution. */
const isOwnQueue = (
  state: RateState,
  { evidence, direction, limits, isSuspect, slackMs }: StepInput,
  bad: readonly Sample[],
): boolean =>
  bad.every(({ hasOneWay }) => hasOneWay)
    ? mayHaveQueued(state, evidence, direction, limits, slackMs)
    : isSuspect;

/** Waits until the queue is seen to be gone. */
function drain(
  state: RateState,
  returnToBps: number,
  input: StepInput,
): RateState {
  const newest = lastSamples(
    input.evidence,
    TUNING.cleanSamples,
    state.countsFrom,
  );
  const lastMs = newest.at(-1)?.delayMs[input.direction];
  const isOver =
    isDrainedEarly(state, input) ||
    (lastMs !== undefined &&
      lastMs <= TUNING.drainedMs + input.slackMs &&
      isClean(state, input));
  return !isOver
    ? withCause(state, "drain", lastMs ?? input.deltaMs)
    : returnRate(
        { ...state, mode: { kind: "return", returnToBps } },
        returnToBps,
        input,
      );
}

/**
 * On a restless line the first good sample ends the drain, even if its probe was sent before the cut took effect: the
 * queue is gone, perhaps because the line became faster.
 */
function isDrainedEarly(
  { restlessness, lastCut, targetMs }: RateState,
  input: StepInput,
): boolean {
  const newest = input.evidence.samples.at(-1);
  if (
    !isRestless(restlessness) ||
    newest === undefined ||
    input.deltaMs === null
  )
    return false;
  const delayMs = newest.delayMs[input.direction];
  return (
    delayMs <= TUNING.drainedMs + input.slackMs &&
    delayMs < (lastCut?.deltaMs ?? 0) &&
    input.deltaMs <= targetMs &&
    !isOverdue(input)
  );
}

/** Back to just below what the line carried at the cut. */
function returnRate(
  state: RateState,
  returnToBps: number,
  input: StepInput,
): RateState {
  if (!isClean(state, input)) return withCause(state, "delta", input.deltaMs);
  const { limits, elapsedMs, now } = input;
  const gains = gainsFor(state.restlessness);
  const step = (gains.returnPerS * returnToBps * elapsedMs) / 1e3;
  const bps = Math.max(state.bps, Math.min(returnToBps, state.bps + step));
  const next = withCause(withRate(state, bps, limits), "return", null);
  const settledAt = later(now, gains.settleMs);
  return bps < returnToBps
    ? next
    : { ...next, mode: { kind: "grow", settledAt } };
}

/** Raises the rate while the line is used and clean; an unused rate drifts to base. */
function grow(
  state: RateState,
  settledAt: MonoMs,
  input: StepInput,
): RateState {
  const { limits, elapsedMs, now, traffic, direction } = input;
  if (!isClean(state, input)) return withCause(state, "delta", input.deltaMs);
  if (state.peakLoad !== null && msSince(state.usedAt, now) > TUNING.idleMs)
    return driftToBase(state, input);
  const overMs = windowMs(TUNING.usedWindowMs, state.bps);
  const loadBps = recentRate(traffic, direction, overMs);
  const gains = gainsFor(state.restlessness);
  if (loadBps !== null && loadBps < gains.usedRatio * state.bps)
    return withCause(state, "unused", null);
  if (state.bps >= limits.ceilingBps) return withCause(state, "limit", null);
  const knownBps = TUNING.probingRatio * (state.carriedBps ?? 0);
  if (!input.mayProbe && state.bps >= knownBps)
    return withCause(state, "turn", null);
  const settlingMs = msSince(now, settledAt);
  const perS =
    loadBps === null
      ? TUNING.blindPerS
      : growthPerS(
          state,
          settlingMs > 0,
          gains,
          1 - input.slackMs / trimMs(input),
        );
  if (perS === 0) return withCause(state, "settle", settlingMs);
  const worstMs = worstNewest(state, input);
  const h = taper(worstMs, trimMs(input), input.slackMs);
  const bps = state.bps * (1 + (perS * h * elapsedMs) / 1e3);
  return withCause(withRate(state, bps, limits), "raise", worstMs);
}

/** What the line carried long ago is out of date. */
function driftToBase(
  state: RateState,
  { limits, elapsedMs }: StepInput,
): RateState {
  const step = (TUNING.idlePerS * limits.baseBps * elapsedMs) / 1e3;
  const bps = state.bps + clamp(limits.baseBps - state.bps, -step, step);
  const isAtBase = bps === limits.baseBps;
  const forgotten = isAtBase ? { carriedBps: null, recalledBps: null } : {};
  return {
    ...withCause(
      withRate(state, bps, limits),
      isAtBase ? "unused" : "idle",
      null,
    ),
    ...forgotten,
  };
}

/** Whether a rate may rise: newest samples below the trim, smoothed delta below the target, nothing overdue. */
function isClean(state: RateState, input: StepInput): boolean {
  return (
    input.deltaMs !== null &&
    input.deltaMs <= state.targetMs &&
    worstNewest(state, input) <= trimMs(input) &&
    !isOverdue(input)
  );
}

/** Whether a reply is later than it would be without a queue. */
function isOverdue(input: StepInput): boolean {
  const expectedMs =
    input.leastRttMs +
    trimMs(input) +
    TUNING.overdueMs +
    TUNING.overdueProbes * input.spacingMs;
  return ageMs(input.evidence, input.now) > expectedMs;
}

/** The longest delay of the newest samples that count; Infinity where there are too few. */
function worstNewest(
  { countsFrom }: RateState,
  { evidence, direction }: StepInput,
): number {
  const newest = lastSamples(evidence, TUNING.cleanSamples, countsFrom);
  return newest.length < TUNING.cleanSamples
    ? Infinity
    : Math.max(...newest.map(({ delayMs }) => delayMs[direction]));
}
