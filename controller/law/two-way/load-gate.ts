import {
  type Direction,
  opposite,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { msSince } from "../../../shared/runtime/clock.js";
import { type Evidence, runAbove } from "../evidence.js";
import type { Limits } from "../inputs.js";
import { isInUse, type RateState } from "../rate-state.js";
import { TUNING } from "../tuning.js";

/** What its load says of a direction: whether a queue may be its own at all. */

/** Who is draining stays a suspect, since after a fall its load is low because the line is the bottleneck. */
const isFull = ({ peakLoad, mode }: RateState): boolean =>
  peakLoad === null || mode === "drain" || peakLoad >= TUNING.busyRatio;

/** Load tells, in part. Full directions are suspects, and where none is full the busier one. */
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

/** Whether every reflector agrees that a queue stands. */
const isUnanimous = (
  { samples }: Evidence,
  direction: Direction,
  slackMs: number,
): boolean =>
  runAbove(samples, direction, TUNING.drainedMs + slackMs).length >=
  TUNING.agreeingSamples;

/**
 * Whether all answers of some time were late. They are counted by when they came: while a queue grows they are farther
 * apart than their probes.
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

/** Whether it carries what the least of lines would: one that is back with little to give never fills a rate of before. */
const mayFillLine = (
  { peakLoad, bps }: RateState,
  { floorBps }: Limits,
): boolean => (peakLoad ?? 1) * bps >= TUNING.floorRatio * floorBps;

/** Whether a queue may be its own: who does not fill its rate makes one only where every reflector agrees, or it stands. */
export const mayHaveQueued = (
  rate: RateState,
  evidence: Evidence,
  direction: Direction,
  limits: Limits,
  slackMs: number,
): boolean =>
  isFull(rate) ||
  (isInUse(rate) && isUnanimous(evidence, direction, slackMs)) ||
  (mayFillLine(rate, limits) && isStanding(evidence, direction, slackMs));

export const areBothBusy = (rate: PerDirection<RateState>): boolean =>
  isBusy(rate, "download") && isBusy(rate, "upload");
