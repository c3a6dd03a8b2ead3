import {
  type Direction,
  eachDirection,
  opposite,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { type MonoMs, msSince } from "../../../shared/runtime/clock.js";
import { tellsOneWayDelays } from "../evidence.js";
import type { Limits } from "../inputs.js";
import { areBothBusy, isAtFloor, suspectsByLoad } from "../load-gate.js";
import { drainFor, type RateState, slackMs, windowMs } from "../rate-state.js";
import { recentRate, type Traffic } from "../traffic.js";
import { TUNING } from "../tuning.js";
import {
  type CutTest,
  type CutTestInput,
  isExpired,
  isOverrun,
  resumedTest,
  startedTest,
} from "./cut-test.js";

/**
 * Which direction a queue belongs to where reflectors do not tell. While both are busy they probe for capacity in turn,
 * and a queue is taken for that of the direction whose turn it is. Its cut is a test: if it cures nothing, the other
 * direction is cut instead. The immunity of the other ends with the test, so that no queue stands for ever.
 */
export interface Attribution {
  readonly turn: Direction;
  readonly turnFrom: MonoMs;
  readonly cutTest: CutTest | null;
}

export const noSuspect = (now: MonoMs): Attribution => ({
  turn: "download",
  turnFrom: now,
  cutTest: null,
});

const only = (suspect: Direction): PerDirection<boolean> =>
  eachDirection((direction) => direction === suspect);

const BOTH: PerDirection<boolean> = { download: true, upload: true };

/** The directions that may be cut for a queue of unknown direction. */
export function suspects(
  { turn, cutTest }: Attribution,
  { rate, evidence, traffic, now }: CutTestInput,
  limits: PerDirection<Limits>,
): PerDirection<boolean> {
  if (cutTest !== null)
    return isExpired(cutTest, evidence, now) ? BOTH : only(cutTest.suspect);
  if (!areBothBusy(rate)) return suspectsByLoad(rate, evidence, limits);
  const newest = evidence.samples.at(-1);
  const isSharp = newest !== undefined && newest.deltaMs > TUNING.sharpMs;
  const isTurnsOwn =
    hasOvershot(rate[turn]) && !hasOvershot(rate[opposite(turn)]);
  const suspect = isOverrun(rate, traffic)
    ? "download"
    : isSharp && !isTurnsOwn
      ? (starved(rate, traffic) ?? turn)
      : turn;
  // a direction at its floor cannot empty the queue
  return isAtFloor(rate[suspect], limits[suspect]) ? BOTH : only(suspect);
}

/** Whether it probed so far above the known capacity that its queue may be as long as one after a fall. */
const hasOvershot = ({ bps, carriedBps }: RateState): boolean =>
  carriedBps === null || bps > TUNING.overshootRatio * carriedBps;

/** Time in which a cut is to empty the queue, ms: shorter for a test, so that the result comes soon. */
export const drainMs = (
  { rate, evidence }: CutTestInput,
  limits: Limits,
): number =>
  areBothBusy(rate) && !tellsOneWayDelays(evidence)
    ? TUNING.testDrainMs
    : drainFor(limits);

/** Whether a cut now is more than a guess, so that the capacity it shows is worth remembering. */
export const isCertain = (
  { cutTest }: Attribution,
  { evidence, now }: CutTestInput,
): boolean => cutTest === null || !isExpired(cutTest, evidence, now);

/**
 * The direction that carries less of its rate. After a fall both carry less than they may, the one that fell a little
 * earlier. Null without counters.
 */
function starved(
  rate: PerDirection<RateState>,
  traffic: Traffic,
): Direction | null {
  const load = eachDirection((direction) => {
    const overMs = windowMs(TUNING.windowMinMs, rate[direction].bps);
    const bps = recentRate(traffic, direction, overMs);
    return bps === null ? null : bps / rate[direction].bps;
  });
  return load.download === null || load.upload === null
    ? null
    : load.download < load.upload
      ? "download"
      : "upload";
}

/** Whether a direction may grow beyond its known capacity. */
export const mayProbe = (
  { turn }: Attribution,
  { rate, evidence }: CutTestInput,
  direction: Direction,
): boolean =>
  turn === direction || tellsOneWayDelays(evidence) || !areBothBusy(rate);

/** The attribution after a step: a cut starts a test, and turns end. */
export function nextAttribution(
  attribution: Attribution,
  before: PerDirection<RateState>,
  { rate, evidence, now }: CutTestInput,
): Attribution {
  const { turn, turnFrom, cutTest: open } = attribution;
  const cutTest =
    open === null
      ? startedTest(before, rate, evidence, now)
      : resumedTest(open, rate);
  const other = opposite(turn);
  const newest = evidence.samples.at(-1);
  const isOver =
    rate[turn].cause !== "raise" ||
    (msSince(turnFrom, now) > TUNING.turnMs &&
      (newest?.deltaMs ?? 0) < TUNING.queueMs + slackMs(rate, null));
  return rate[other].cause === "turn" && isOver
    ? { turn: other, turnFrom: now, cutTest }
    : { turn, turnFrom, cutTest };
}
