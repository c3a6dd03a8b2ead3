import type { Direction } from "../../shared/contract/direction.js";
import { type State, stateCode, STATES } from "../../shared/contract/state.js";
import { fixed } from "../../shared/contract/units.js";
import type { Sample } from "./estimator.js";
import type { Limits } from "./inputs.js";
import { TUNING } from "./tuning.js";

/** What one sample says of a direction: its own delay where one-way times are told, else the round trip's delta. */
interface Delay {
  readonly deltaMs: number;
  /** Whose own delay it is; null where only the round trip is known. */
  readonly own?: Direction | null;
}

export const delayOf = (sample: Sample, direction: Direction): Delay => ({
  deltaMs: sample.delayMs[direction],
  own: sample.hasOneWay ? direction : null,
});

/** A change of state, with the number that made it and the threshold it crossed. */
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
 * The state after the newest samples. It worsens when `votes` of the last `voters` agree, and calms down when all of
 * them are below the exit: both only ever grow with the samples, so a longer queue is never called calmer.
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
  const calmest = kept?.state ?? "GREEN";
  if (!worse(before, calmest)) return { state: before, transition: null };
  // The lowest threshold that was left behind names the fall.
  const left = thresholds.find(({ state }) => worse(state, calmest));
  return left === undefined
    ? { state: before, transition: null }
    : change(before, calmest, worst, left.name, left.exitMs);
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

/** "RTT delta 50.3ms exceeded soft_red threshold 45ms", or "upload delay 50.3ms ..." where one-way times are told. */
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
