import {
  type Direction,
  eachDirection,
  opposite,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { msSince } from "../../shared/runtime/clock.js";
import { type Evidence, runAbove } from "./evidence.js";
import type { Limits } from "./inputs.js";
import { isInUse, type RateState, slackMs } from "./rate-state.js";
import { isRestless } from "./restlessness.js";
import { TUNING } from "./tuning.js";

/** What the load of a direction says about queues: which of them may be its own. */

/** A draining direction stays full: after a fall its load is low because the line is the bottleneck. */
const isFull = ({ peakLoad, mode }: RateState): boolean =>
  peakLoad === null || mode.kind === "drain" || peakLoad >= TUNING.busyRatio;

/** Full directions are busy; where neither is full, the one with the higher load. */
export function isBusy(
  rate: PerDirection<RateState>,
  direction: Direction,
): boolean {
  const load = rate[direction].peakLoad ?? 1;
  const otherLoad = rate[opposite(direction)].peakLoad ?? 1;
  return (
    isFull(rate[direction]) ||
    (otherLoad < TUNING.busyRatio && load > otherLoad)
  );
}

export const areBothBusy = (rate: PerDirection<RateState>): boolean =>
  isBusy(rate, "download") && isBusy(rate, "upload");

export const isAtFloor = ({ bps }: RateState, { floorBps }: Limits): boolean =>
  bps <= floorBps;

/** Whether every reflector agrees that a queue stands; on a restless line, three of them. */
const isUnanimous = (
  { restlessness }: RateState,
  { samples }: Evidence,
  direction: Direction,
  slackMs: number,
): boolean =>
  runAbove(samples, direction, TUNING.drainedMs + slackMs).length >=
  (isRestless(restlessness) ? TUNING.agreeingRestless : TUNING.agreeingSamples);

/**
 * Whether all replies of some time were late. They are counted by arrival: while a queue grows they are farther apart
 * than their probes.
 */
function isStanding(
  { samples }: Evidence,
  direction: Direction,
  slackMs: number,
): boolean {
  const run = runAbove(samples, direction, TUNING.sharpMs + slackMs);
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return false;
  return msSince(first.receivedAt, last.receivedAt) >= TUNING.standingMs;
}

/** Whether it may fill a line whose capacity fell far below the rate: there its load is small, and still all there is. */
const mayFillLine = (
  { peakLoad, bps }: RateState,
  { floorBps }: Limits,
): boolean => (peakLoad ?? 1) * bps >= TUNING.floorRatio * floorBps;

/** Whether a queue may be this direction's. One that does not fill its rate needs more evidence. */
export const mayHaveQueued = (
  rate: RateState,
  evidence: Evidence,
  direction: Direction,
  limits: Limits,
  slackMs: number,
): boolean =>
  isFull(rate) ||
  (isInUse(rate) && isUnanimous(rate, evidence, direction, slackMs)) ||
  (mayFillLine(rate, limits) && isStanding(evidence, direction, slackMs));

/** The directions that a queue of unknown direction may belong to, by load alone. */
export const suspectsByLoad = (
  rate: PerDirection<RateState>,
  evidence: Evidence,
  limits: PerDirection<Limits>,
): PerDirection<boolean> =>
  eachDirection((d) => {
    // a rate far above its line has a low load; if the other can go no lower, the queue is this one's
    const isLast =
      isInUse(rate[d]) && isAtFloor(rate[opposite(d)], limits[opposite(d)]);
    return (
      (isLast || isBusy(rate, d)) &&
      mayHaveQueued(rate[d], evidence, d, limits[d], slackMs(rate, null))
    );
  });
