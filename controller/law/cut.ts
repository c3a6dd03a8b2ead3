import { clamp } from "../../shared/contract/units.js";
import { later } from "../../shared/runtime/clock.js";
import { capacityBps } from "./capacity.js";
import type { Sample } from "./estimator.js";
import {
  at,
  because,
  drainFor,
  isWorse,
  type RateState,
  type Scene,
  trimMs,
} from "./rate-state.js";
import { TUNING } from "./tuning.js";

/** Down to what the line carries, and below it by as much as the queue is long. */
export function cut(
  state: RateState,
  scene: Scene,
  votes: readonly Sample[],
  bad: readonly Sample[],
  worstMs: number,
): RateState {
  const { direction, limits, now, leastRttMs } = scene;
  const seen = capacityBps({ ...scene, rateBps: state.bps }, bad);
  if (!scene.isOnTrial && isFutile(state, seen, worstMs))
    return because(state, "futile", worstMs);
  const carried = seen ?? state.bps * (1 - blindCut(worstMs, trimMs(scene)));
  // what own packets explain cannot be drained, and at a lower rate they take longer
  const queueMs = Math.max(0, worstMs - scene.slackMs);
  const drainRatio =
    seen === null
      ? 1
      : Math.max(TUNING.drainMinRatio, 1 - queueMs / scene.drainMs);
  const reactsInMs = direction === "download" ? leastRttMs : leastRttMs / 2;
  const easyMs = drainFor(limits);
  const drainMs = 1.6 * easyMs * Math.max(1, worstMs / easyMs / 0.6);
  return {
    ...at(state, Math.min(state.bps, carried * drainRatio), limits),
    mode: "drain",
    cause: "cut",
    causeMs: worstMs,
    countsFrom: later(now, reactsInMs),
    patienceUntil: later(
      now,
      Math.min(2 * leastRttMs + worstMs + drainMs, TUNING.patienceMaxMs),
    ),
    lastCut: {
      deltaMs: worstMs,
      bad: bad.length,
      samples: votes.length,
      seenBps: seen,
    },
    returnToBps: clamp(
      Math.min(state.bps, TUNING.returnRatio * carried),
      limits.floorBps,
      limits.ceilingBps,
    ),
    // what a guess seemed to show would only slow the way back
    carriedBps: scene.isCertain ? carried : null,
    recalledBps: isGreatChange(state.carriedBps, carried)
      ? state.carriedBps
      : state.recalledBps,
  };
}

/**
 * Whether the last cut changed nothing though the line carries all that the rate lets through: then it is no queue of
 * ours, or its senders heed no cut yet, as BBR does for ten round trips.
 */
const isFutile = (
  { mode, lastCut, bps }: RateState,
  seenBps: number | null,
  worstMs: number,
): boolean =>
  mode === "drain" &&
  lastCut !== null &&
  seenBps !== null &&
  seenBps >= TUNING.futileRatio * bps &&
  worstMs >= TUNING.curedRatio * lastCut.deltaMs &&
  !isWorse(worstMs, lastCut);

/** How much to cut by the delay alone. */
const blindCut = (worstMs: number, fromMs: number): number =>
  TUNING.blindCutMin +
  (TUNING.blindCutMax - TUNING.blindCutMin) *
    clamp((worstMs - fromMs) / Math.max(1, TUNING.severeMs - fromMs), 0, 1);

const isGreatChange = (before: number | null, after: number): boolean =>
  before !== null && Math.abs(after - before) > TUNING.changeRatio * before;
