import { since } from "../../shared/clock.js";
import {
  opposite,
  type Direction,
  type PerDirection,
} from "../../shared/direction.js";
import { runAbove, type Evidence } from "./evidence.js";
import type { Limits } from "./policy.js";
import type { RateState } from "./rate-state.js";
import { TUNING } from "./tuning.js";

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

export const isInUse = ({ peakLoad }: RateState): boolean =>
  (peakLoad ?? 1) >= TUNING.guiltyRatio;

/** Whether every reflector agrees that a queue stands. */
const isUnanimous = ({ samples }: Evidence, direction: Direction): boolean =>
  runAbove(samples, direction, TUNING.drainedMs).length >= TUNING.witnesses;

/**
 * Whether all answers of some time were late. They are counted by when they came: while a queue grows they are farther
 * apart than their probes.
 */
function isStanding({ samples }: Evidence, direction: Direction): boolean {
  const run = runAbove(samples, direction, TUNING.sharpMs);
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return false;
  return since(first.receivedAt, last.receivedAt) >= TUNING.standingMs;
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
): boolean =>
  isFull(rate) ||
  (isInUse(rate) && isUnanimous(evidence, direction)) ||
  (mayFillLine(rate, limits) && isStanding(evidence, direction));

export const areBothBusy = (rate: PerDirection<RateState>): boolean =>
  isBusy(rate, "download") && isBusy(rate, "upload");
