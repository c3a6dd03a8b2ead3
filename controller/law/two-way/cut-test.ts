import {
  type Direction,
  DIRECTIONS,
  opposite,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { type MonoMs, msSince } from "../../../shared/runtime/clock.js";
import type { Sample } from "../estimator.js";
import { type Evidence, lastSamples, tellsOneWayDelays } from "../evidence.js";
import {
  type CutEvidence,
  isWorse,
  type RateState,
  slackMs,
  windowMs,
} from "../rate-state.js";
import { recentRate, type Traffic } from "../traffic.js";
import { TUNING } from "../tuning.js";
import { areBothBusy } from "./load-gate.js";

/** A cut on suspicion: what it changes tells whether it hit the right direction. */
export interface CutTest {
  readonly suspect: Direction;
  readonly from: MonoMs;
  /** Probes sent from here on felt the cut. */
  readonly feltFrom: MonoMs;
  /** The suspect before its cut: what it gets back if it was innocent. */
  readonly before: RateState;
  readonly result: "open" | "confirmed";
  /** The other was suspect before, and acquitted. */
  readonly isSecond: boolean;
}

/** What there is to judge by. */
export interface CutTestInput {
  readonly rate: PerDirection<RateState>;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  readonly now: MonoMs;
}

/** Whether a cutTest cured nothing in all its time; as long as the queue shrinks it is given some more. */
export function isExpired(
  { from }: CutTest,
  { samples }: Evidence,
  now: MonoMs,
): boolean {
  const ranMs = msSince(from, now);
  return (
    ranMs > TUNING.immunityMaxMs ||
    (ranMs > TUNING.testMaxMs && !isShrinking(samples))
  );
}

/** Whether the newest sample is well below the longest of these. */
const isShrinking = (samples: readonly Sample[]): boolean =>
  (samples.at(-1)?.deltaMs ?? Infinity) <=
  TUNING.curedRatio * Math.max(...samples.map(({ deltaMs }) => deltaMs));

/** Hears the probes that felt the cutTest's cut. Who is acquitted gets its rate back, and the other is suspect. */
export function resultOf(
  cutTest: CutTest | null,
  { rate, evidence, traffic, now }: CutTestInput,
): { cutTest: CutTest | null; rate: PerDirection<RateState> } {
  const unchanged = { cutTest, rate };
  if (cutTest === null) return unchanged;
  if (isOver(cutTest, rate, evidence)) return { cutTest: null, rate };
  if (
    cutTest.result === "confirmed" ||
    cutTest.isSecond ||
    isExpired(cutTest, evidence, now)
  )
    return unchanged;
  const { suspect } = cutTest;
  const cured = isCured(evidence, cutTest.feltFrom, rate[suspect].lastCut);
  if (cured === null) return unchanged;
  if (cured) return { cutTest: { ...cutTest, result: "confirmed" }, rate };
  if (suspect === "download" && isOverrun(rate, traffic)) return unchanged;
  const other = opposite(suspect);
  return {
    cutTest: {
      ...cutTest,
      suspect: other,
      before: rate[other],
      isSecond: true,
    },
    rate: {
      ...rate,
      [suspect]: {
        ...cutTest.before,
        bps: rate[suspect].bps,
        mode: "return",
        returnToBps: TUNING.restoredRatio * cutTest.before.bps,
        peakLoad: rate[suspect].peakLoad,
      },
    },
  };
}

/** A cutTest is over when the queue is gone, or when who was found to have made it has drained it. */
function isOver(
  { suspect, from, result, isSecond }: CutTest,
  rate: PerDirection<RateState>,
  evidence: Evidence,
): boolean {
  const newest = lastSamples(evidence, TUNING.recentSamples, from);
  const goneMs = TUNING.drainedMs + slackMs(rate, null);
  const isGone =
    newest.length === TUNING.recentSamples &&
    newest.every(({ deltaMs }) => deltaMs <= goneMs);
  const isKnown = result === "confirmed" || isSecond;
  return isGone || (isKnown && rate[suspect].mode !== "drain");
}

/** Whether the queue shrinks by the probes that felt a cut; null while they cannot tell yet. */
function isCured(
  evidence: Evidence,
  feltFrom: MonoMs,
  lastCut: CutEvidence | null,
): boolean | null {
  const felt = lastSamples(evidence, TUNING.memorySamples, feltFrom);
  const [first, last] = [felt[0], felt.at(-1)];
  if (first === undefined || last === undefined) return null;
  const heardMs = msSince(first.sentAt, last.sentAt);
  if (isShrinking(felt)) return true;
  if (felt.length >= TUNING.badNeeded && isWorse(last.deltaMs, lastCut))
    return false;
  return heardMs >= TUNING.testProbesMs ? false : null;
}

/** What comes in faster than its rate comes from a queue before it: its senders have not felt that rate yet. */
export function isOverrun(
  { download }: PerDirection<RateState>,
  traffic: Traffic,
): boolean {
  const overMs = windowMs(TUNING.windowMinMs, download.bps);
  const loadBps = recentRate(traffic, "download", overMs) ?? 0;
  return loadBps > TUNING.beyondRatio * download.bps;
}

/** Whose queue grew on through its cut is heard anew: the line may have fallen during the cutTest. Its time still counts. */
export function resumedTest(
  cutTest: CutTest,
  rate: PerDirection<RateState>,
): CutTest {
  const { cause, countsFrom } = rate[cutTest.suspect];
  return cause === "cut"
    ? { ...cutTest, feltFrom: countsFrom, result: "open", isSecond: false }
    : cutTest;
}

/** A cut while both are busy and nothing tells the way: whether it hit the right one is to be seen. */
export function startedTest(
  before: PerDirection<RateState>,
  rate: PerDirection<RateState>,
  evidence: Evidence,
  now: MonoMs,
): CutTest | null {
  if (tellsOneWayDelays(evidence) || !areBothBusy(before)) return null;
  const suspect = DIRECTIONS.find((d) => rate[d].cause === "cut");
  return suspect === undefined
    ? null
    : {
        suspect,
        from: now,
        feltFrom: rate[suspect].countsFrom,
        before: before[suspect],
        result: "open",
        isSecond: false,
      };
}
