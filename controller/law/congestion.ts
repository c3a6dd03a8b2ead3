import { STATES, stateCode, type State } from "../../shared/state.js";
import { fixed } from "../../shared/units.js";
import type { Limits } from "./policy.js";
import type { Sample } from "./estimator.js";
import { TUNING } from "./tuning.js";

/** A change of state, with the number that made it and the threshold it crossed. */
export interface Transition {
  readonly from: State;
  readonly to: State;
  readonly deltaMs: number;
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
export function thresholdsOf({
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
  newest: readonly Pick<Sample, "deltaMs">[],
  limits: Limits,
): { state: State; transition: Transition | null } {
  if (newest.length < TUNING.voters) return { state: before, transition: null };
  const deltas = newest.map((sample) => sample.deltaMs).sort((a, b) => b - a);
  const agreed = deltas[TUNING.votes - 1] ?? -Infinity;
  const worst = deltas[0] ?? -Infinity;
  const thresholds = thresholdsOf(limits);
  const entered = thresholds.findLast(({ enterMs }) => agreed > enterMs);
  const kept = thresholds.findLast(({ exitMs }) => worst > exitMs);

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

const worse = (a: State, b: State): boolean => stateCode(a) > stateCode(b);

const change = (
  from: State,
  to: State,
  deltaMs: number,
  threshold: string,
  thresholdMs: number,
) => ({
  state: to,
  transition: { from, to, deltaMs, threshold, thresholdMs },
});

/** "RTT delta 50.3ms exceeded soft_red threshold 45ms" */
export function reasonOf({
  from,
  to,
  deltaMs,
  threshold,
  thresholdMs,
}: Transition): string {
  const verb =
    STATES.indexOf(to) > STATES.indexOf(from) ? "exceeded" : "fell below";
  return `RTT delta ${fixed(deltaMs, 1)}ms ${verb} ${threshold} threshold ${Number(thresholdMs.toFixed(1))}ms`;
}
