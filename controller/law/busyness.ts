import {
  opposite,
  type Direction,
  type PerDirection,
} from "../../shared/direction.js";
import { runAbove, type Evidence } from "./evidence.js";
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
    (otherLoad < TUNING.busyRatio &&
      load >= TUNING.guiltyRatio &&
      load >= otherLoad)
  );
}

/** Whether every reflector agrees that a queue stands. */
const isUnanimous = ({ samples }: Evidence, direction: Direction): boolean =>
  runAbove(samples, direction, TUNING.drainedMs).length >= TUNING.witnesses;

/** Whether a queue may be its own: who does not fill its rate makes one only where every reflector agrees. */
export const mayHaveQueued = (
  rate: RateState,
  evidence: Evidence,
  direction: Direction,
): boolean =>
  isFull(rate) ||
  ((rate.peakLoad ?? 1) >= TUNING.guiltyRatio &&
    isUnanimous(evidence, direction));

export const areBothBusy = (rate: PerDirection<RateState>): boolean =>
  isBusy(rate, "download") && isBusy(rate, "upload");
