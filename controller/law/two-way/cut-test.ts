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
import { areBothBusy } from "../load-gate.js";

/** A cut of one of two suspects: its effect tells whether it was the right one. */
export interface CutTest {
  readonly suspect: Direction;
  readonly from: MonoMs;
  /** Probes sent from here on show the effect of the cut. */
  readonly feltFrom: MonoMs;
  /** The suspect before its cut: what it gets back if the queue was the other's. */
  readonly before: RateState;
  readonly result: "open" | "confirmed";
  /** The other was the suspect before, and its cut cured nothing. */
  readonly isSecond: boolean;
}

/** What a test is decided by. */
export interface CutTestInput {
  readonly rate: PerDirection<RateState>;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  readonly now: MonoMs;
}

/** Whether a test has cured nothing in its time. It is given more while the queue shrinks. */
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

/** Whether the newest delay is clearly below the longest. */
const isShrinking = (samples: readonly Sample[]): boolean =>
  (samples.at(-1)?.deltaMs ?? Infinity) <=
  TUNING.curedRatio * Math.max(...samples.map(({ deltaMs }) => deltaMs));

/** Judges a test by the probes that show its effect. If it failed, its rate is restored and the other is the suspect. */
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
  const { suspect, before } = cutTest;
  const cured = isCured(evidence, cutTest.feltFrom, rate[suspect].lastCut);
  if (cured === null) return unchanged;
  if (cured) return { cutTest: { ...cutTest, result: "confirmed" }, rate };
  if (suspect === "download" && isOverrun(rate, traffic)) return unchanged;
  const other = opposite(suspect);
  const returnToBps = TUNING.restoredRatio * before.bps;
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
        ...before,
        bps: rate[suspect].bps,
        mode: { kind: "return", returnToBps },
        peakLoad: rate[suspect].peakLoad,
      },
    },
  };
}

/** A test is over when the queue is gone, or when the direction found to have caused it has drained it. */
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
  return isGone || (isKnown && rate[suspect].mode.kind !== "drain");
}

/** Whether the queue shrinks, by the probes that show the effect of a cut; null while there are too few. */
function isCured(
  evidence: Evidence,
  feltFrom: MonoMs,
  lastCut: CutEvidence | null,
): boolean | null {
  const felt = lastSamples(evidence, TUNING.memorySamples, feltFrom);
  const [first, last] = [felt[0], felt.at(-1)];
  if (first === undefined || last === undefined) return null;
  const spanMs = msSince(first.sentAt, last.sentAt);
  if (isShrinking(felt)) return true;
  if (felt.length >= TUNING.badNeeded && isWorse(last.deltaMs, lastCut))
    return false;
  return spanMs >= TUNING.testProbesMs ? false : null;
}

/** Whether more arrives than our shaper admits: a queue stands before it, and the senders have not reacted yet. */
export function isOverrun(
  { download }: PerDirection<RateState>,
  traffic: Traffic,
): boolean {
  const overMs = windowMs(TUNING.windowMinMs, download.bps);
  const loadBps = recentRate(traffic, "download", overMs) ?? 0;
  return loadBps > TUNING.overrunRatio * download.bps;
}

/** A second cut reopens a test, since the capacity may have fallen meanwhile. Its time limit stays. */
export function resumedTest(
  cutTest: CutTest,
  rate: PerDirection<RateState>,
): CutTest {
  const { cause, countsFrom } = rate[cutTest.suspect];
  return cause === "cut"
    ? { ...cutTest, feltFrom: countsFrom, result: "open", isSecond: false }
    : cutTest;
}

/** A cut while both directions are busy and reflectors tell no one-way delays starts a test. */
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
