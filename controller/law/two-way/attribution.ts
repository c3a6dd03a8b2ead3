import {
  type Direction,
  eachDirection,
  opposite,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { type MonoMs, msSince } from "../../../shared/runtime/clock.js";
import { tellsOneWayDelays } from "../evidence.js";
import type { Limits } from "../inputs.js";
import {
  drainFor,
  isInUse,
  type RateState,
  slackMs,
  windowMs,
} from "../rate-state.js";
import { recentRate, type Traffic } from "../traffic.js";
import { TUNING } from "../tuning.js";
import {
  type CutTestInput,
  isExpired,
  isOverrun,
  startedTest,
  resumedTest,
  type CutTest,
} from "./cut-test.js";
import { areBothBusy, isBusy, mayHaveQueued } from "./load-gate.js";

/**
 * Whose queue it is, where reflectors do not tell (law.md 6). While both directions are busy they look for room in turn,
 * and who finds a queue in its turn made it. Its cut is a cutTest: where it cures nothing, the other one is cut instead.
 * No alibi is for ever, or a queue might stand while each direction is protected by the other's.
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

/** Who may be cut for a queue of which nothing tells the direction. */
export function suspects(
  { turn, cutTest }: Attribution,
  { rate, evidence, traffic, now }: CutTestInput,
  limits: PerDirection<Limits>,
): PerDirection<boolean> {
  if (cutTest !== null)
    return isExpired(cutTest, evidence, now) ? BOTH : only(cutTest.suspect);
  // who is at its floor cannot empty the queue
  const isAtFloor = (d: Direction) => rate[d].bps <= limits[d].floorBps;
  if (!areBothBusy(rate))
    return eachDirection((d) => {
      // who was set far above its line has a low load, and made it
      const isLast = isInUse(rate[d]) && isAtFloor(opposite(d));
      return (
        (isLast || isBusy(rate, d)) &&
        mayHaveQueued(rate[d], evidence, d, limits[d], slackMs(rate, null))
      );
    });
  const newest = evidence.samples.at(-1);
  const isSharp = newest !== undefined && newest.deltaMs > TUNING.sharpMs;
  const isTurnsOwn =
    isBeyondKnown(rate[turn]) && !isBeyondKnown(rate[opposite(turn)]);
  const suspect = isOverrun(rate, traffic)
    ? "download"
    : isSharp && !isTurnsOwn
      ? (starved(rate, traffic) ?? turn)
      : turn;
  return isAtFloor(suspect) ? BOTH : only(suspect);
}

const BOTH: PerDirection<boolean> = { download: true, upload: true };

/** Whether it looked for room so far above what the line carried that a queue as long as after a fall is no surprise. */
const isBeyondKnown = ({ bps, carriedBps }: RateState): boolean =>
  carriedBps === null || bps > TUNING.beyondRatio * carriedBps;

/** In how long a cut is to empty the queue, ms. A cutTest goes deeper, so that its probes can tell soon. */
export const drainMs = (
  { rate, evidence }: CutTestInput,
  limits: Limits,
): number =>
  areBothBusy(rate) && !tellsOneWayDelays(evidence)
    ? TUNING.testDrainMs
    : drainFor(limits);

/** Whether a cut now is more than a guess, and what it shows of the line worth remembering. */
export const isCertain = (
  { cutTest }: Attribution,
  { evidence, now }: CutTestInput,
): boolean => cutTest === null || !isExpired(cutTest, evidence, now);

/** After a fall both carry less than they may, the one whose line it is a little earlier. Null without counters. */
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

/** Whether a direction may look for more than it knows to be there. */
export const mayProbe = (
  { turn }: Attribution,
  { rate, evidence }: CutTestInput,
  direction: Direction,
): boolean =>
  turn === direction || tellsOneWayDelays(evidence) || !areBothBusy(rate);

/** What the new rates change: a cut opens a cutTest, and turns are taken. */
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
  const isTaken =
    rate[turn].cause !== "raise" ||
    (msSince(turnFrom, now) > TUNING.turnMs &&
      (newest?.deltaMs ?? 0) < TUNING.queueMs + slackMs(rate, null));
  return rate[other].cause === "turn" && isTaken
    ? { turn: other, turnFrom: now, cutTest }
    : { turn, turnFrom, cutTest };
}
