import type { Direction } from "../../shared/contract/direction.js";
import { type State, stateCode, STATES } from "../../shared/contract/state.js";
import { fixed } from "../../shared/contract/units.js";
import type { Sample } from "./estimator.js";
import type { Limits } from "./inputs.js";
import { TUNING } from "./tuning.js";

/** What one sample says about a direction: its own delay where one-way delays are known, else the delta of the RTT. */
interface Delay {
  readonly deltaMs: number;
  /** The direction whose delay it is; null where only the RTT is known. */
  readonly own?: Direction | null;
}

export const delayOf = (sample: Sample, direction: Direction): Delay => ({
  deltaMs: sample.delayMs[direction],
  own: sample.hasOneWay ? direction : null,
});

/** A change of state, with the delay that caused it and the threshold that it crossed. */
export interface Transition extends Required<Delay> {
  readonly from: State;
  readonly to: State;
  readonly threshold: string;
  readonly thresholdMs: number;
}

interface Threshold {
  readonly name: string;
  /** The state above it. */
  readonly state: State;
  readonly enterMs: number;
  readonly exitMs: number;
}

/** Enter and exit of every state but GREEN, mildest first: three for four states, two for three. */
function thresholdsOf({
  targetMs,
  warnMs,
  hardRedMs,
}: Limits): readonly Threshold[] {
  const threshold = (
    name: string,
    state: State,
    enterMs: number,
  ): Threshold => ({
    name,
    state,
    enterMs,
    exitMs: enterMs * TUNING.exitRatio,
  });
  const yellow = threshold("target", "YELLOW", targetMs);
  return Number.isFinite(hardRedMs)
    ? [
        yellow,
        threshold("soft_red", "SOFT_RED", warnMs),
        threshold("hard_red", "RED", hardRedMs),
      ]
    : [yellow, threshold("warn", "RED", warnMs)];
}

/**
 * The state after the newest samples. It worsens when `badNeeded` of them agree, and improves when all are below the exit
 * threshold. Both are monotonic in the delays, so a longer queue never gives a better state.
 */
export function classify(
  before: State,
  newest: readonly Delay[],
  limits: Limits,
): { state: State; transition: Transition | null } {
  if (newest.length < TUNING.recentSamples)
    return { state: before, transition: null };
  const delays = [...newest].sort((a, b) => b.deltaMs - a.deltaMs);
  const agreed = delays[TUNING.badNeeded - 1] ?? NO_DELAY;
  const worst = delays[0] ?? NO_DELAY;
  const thresholds = thresholdsOf(limits);
  const entered = thresholds.findLast((t) => agreed.deltaMs > t.enterMs);
  const kept = thresholds.findLast((t) => worst.deltaMs > t.exitMs);

  if (entered !== undefined && worse(entered.state, before)) {
    const { state, name, enterMs } = entered;
    return change(before, state, agreed, name, enterMs);
  }
  const best = kept?.state ?? "GREEN";
  if (!worse(before, best)) return { state: before, transition: null };
  // named after the lowest threshold that was left
  const left = thresholds.find(({ state }) => worse(state, best));
  return left === undefined
    ? { state: before, transition: null }
    : change(before, best, worst, left.name, left.exitMs);
}

const NO_DELAY: Delay = { deltaMs: -Infinity };

const worse = (a: State, b: State): boolean => stateCode(a) > stateCode(b);

const change = (
  from: State,
  to: State,
  { deltaMs, own = null }: Delay,
  threshold: string,
  thresholdMs: number,
) => ({
  state: to,
  transition: { from, to, deltaMs, own, threshold, thresholdMs },
});

/** "RTT delta 50.3ms exceeded soft_red threshold 45ms", or "upload delay 50.3ms ..." where one-way delays are known. */
export function reasonFor({
  from,
  to,
  deltaMs,
  own,
  threshold,
  thresholdMs,
}: Transition): string {
  const what = own === null ? "RTT delta" : `${own} delay`;
  const verb =
    STATES.indexOf(to) > STATES.indexOf(from) ? "exceeded" : "fell below";
  return `${what} ${fixed(deltaMs, 1)}ms ${verb} ${threshold} threshold ${Number(thresholdMs.toFixed(1))}ms`;
}
