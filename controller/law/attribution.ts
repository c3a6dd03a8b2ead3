import { since, type MonoMs } from "../../shared/clock.js";
import {
  eachDirection,
  opposite,
  type Direction,
  type PerDirection,
} from "../../shared/direction.js";
import type { Sample } from "./estimator.js";
import { lastSamples, runAbove, tellsWays, type Evidence } from "./evidence.js";
import type { Limits } from "./policy.js";
import { drainFor, slackMs, type RateState } from "./rate-state.js";
import { recentRate, type Traffic } from "./traffic.js";
import { TUNING } from "./tuning.js";

/**
 * Whose queue it is, where reflectors do not tell (law.md 6). While both directions are busy they look for room in turn,
 * and who finds a queue in its turn made it. Its cut is a trial: where it cures nothing, the other one is cut instead.
 * No alibi is for ever, or a queue might stand while each direction is protected by the other's.
 */
export interface Attribution {
  readonly turn: Direction;
  readonly turnFrom: MonoMs;
  readonly trial: Trial | null;
}

interface Trial {
  readonly accused: Direction;
  readonly from: MonoMs;
  /** Probes sent from here on felt the cut. */
  readonly feltFrom: MonoMs;
  /** The accused before its cut: what it gets back if it was innocent. */
  readonly before: RateState;
  readonly verdict: "open" | "guilty";
  /** The other was accused before, and acquitted. */
  readonly isSecond: boolean;
}

export const noSuspicion = (now: MonoMs): Attribution => ({
  turn: "download",
  turnFrom: now,
  trial: null,
});

/** What there is to judge by. */
interface Case {
  readonly rate: PerDirection<RateState>;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  readonly now: MonoMs;
}

/** Who is draining stays a suspect, since after a fall its load is low because the line is the bottleneck. */
const isFull = ({ peakLoad, mode }: RateState): boolean =>
  peakLoad === null || mode === "drain" || peakLoad >= TUNING.busyRatio;

/** Load tells, in part. Full directions are suspects, and where none is full the busier one. */
function isBusy(rate: PerDirection<RateState>, direction: Direction): boolean {
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

/** Whether a queue of its way is its own: who does not fill its rate makes one only where every reflector agrees. */
export const fits = (
  rate: RateState,
  evidence: Evidence,
  direction: Direction,
): boolean =>
  isFull(rate) ||
  ((rate.peakLoad ?? 1) >= TUNING.guiltyRatio &&
    isUnanimous(evidence, direction));

const areBothBusy = (rate: PerDirection<RateState>): boolean =>
  isBusy(rate, "download") && isBusy(rate, "upload");

const only = (accused: Direction): PerDirection<boolean> =>
  eachDirection((direction) => direction === accused);

/** Whether a trial cured nothing in all its time; as long as the queue shrinks it is given some more. */
function isExpired(
  { from }: Trial,
  { samples }: Evidence,
  now: MonoMs,
): boolean {
  const ranMs = since(from, now);
  return (
    ranMs > TUNING.alibiMaxMs ||
    (ranMs > TUNING.trialMaxMs && !isShrinking(samples))
  );
}

/** Whether the newest sample is well below the longest of these. */
const isShrinking = (samples: readonly Sample[]): boolean =>
  (samples.at(-1)?.deltaMs ?? Infinity) <=
  TUNING.curedRatio * Math.max(...samples.map(({ deltaMs }) => deltaMs));

/** Who may be cut for a queue of which nothing tells the direction. */
export function suspects(
  { turn, trial }: Attribution,
  { rate, evidence, traffic, now }: Case,
  limits: PerDirection<Limits>,
): PerDirection<boolean> {
  if (trial !== null)
    return isExpired(trial, evidence, now)
      ? { download: true, upload: true }
      : only(trial.accused);
  if (!areBothBusy(rate))
    return eachDirection((d) => {
      const other = opposite(d);
      // who is at its floor cannot empty the queue; who was set far above its line has a low load, and made it
      const isLast = rate[other].bps <= limits[other].floorBps;
      return isLast
        ? fits(rate[d], evidence, d)
        : isBusy(rate, d) && (isFull(rate[d]) || isUnanimous(evidence, d));
    });
  const newest = evidence.samples.at(-1);
  const isSharp = newest !== undefined && newest.deltaMs > TUNING.sharpMs;
  return only(
    isSharp && !isBeyondKnown(rate[turn])
      ? (starved(rate, traffic) ?? turn)
      : turn,
  );
}

/** Whether it looked for room so far above what the line carried that a queue as long as after a fall is no surprise. */
const isBeyondKnown = ({ bps, carriedBps }: RateState): boolean =>
  carriedBps !== null && bps > TUNING.beyondRatio * carriedBps;

/** In how long a cut is to empty the queue, ms. A trial goes deeper, so that its probes can tell soon. */
export const drainMs = ({ rate, evidence }: Case, limits: Limits): number =>
  areBothBusy(rate) && !tellsWays(evidence)
    ? TUNING.trialDrainMs
    : drainFor(limits);

/** Whether a cut now is more than a guess, and what it shows of the line worth remembering. */
export const isCertain = (
  { trial }: Attribution,
  { evidence, now }: Case,
): boolean => trial === null || !isExpired(trial, evidence, now);

/** After a fall both carry less than they may, the one whose line it is a little earlier. Null without counters. */
function starved(
  rate: PerDirection<RateState>,
  traffic: Traffic,
): Direction | null {
  const load = eachDirection((direction) => {
    const bps = recentRate(traffic, direction, TUNING.windowMinMs);
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
  { rate, evidence }: Case,
  direction: Direction,
): boolean => turn === direction || tellsWays(evidence) || !areBothBusy(rate);

/** Hears the probes that felt the trial's cut. Who is acquitted gets its rate back, and the other is accused. */
export function judge(
  before: Attribution,
  { rate, evidence, now }: Case,
): { attribution: Attribution; rate: PerDirection<RateState> } {
  const { trial } = before;
  const unchanged = { attribution: before, rate };
  if (trial === null) return unchanged;
  if (isOver(trial, rate, evidence))
    return { attribution: { ...before, trial: null }, rate };
  if (
    trial.verdict === "guilty" ||
    trial.isSecond ||
    isExpired(trial, evidence, now)
  )
    return unchanged;
  const { accused } = trial;
  const cured = isCured(evidence, trial.feltFrom);
  if (cured === null) return unchanged;
  if (cured)
    return {
      attribution: { ...before, trial: { ...trial, verdict: "guilty" } },
      rate,
    };
  const other = opposite(accused);
  return {
    attribution: {
      ...before,
      trial: {
        ...trial,
        accused: other,
        before: rate[other],
        isSecond: true,
      },
    },
    rate: {
      ...rate,
      [accused]: {
        ...trial.before,
        bps: rate[accused].bps,
        mode: "return",
        returnToBps: TUNING.acquittedRatio * trial.before.bps,
        peakLoad: rate[accused].peakLoad,
      },
    },
  };
}

/** A trial is over when the queue is gone, or when who was found to have made it has drained it. */
function isOver(
  { accused, from, verdict, isSecond }: Trial,
  rate: PerDirection<RateState>,
  evidence: Evidence,
): boolean {
  const newest = lastSamples(evidence, TUNING.voters, from);
  const goneMs = TUNING.drainedMs + slackMs(rate, accused, false);
  const isGone =
    newest.length === TUNING.voters &&
    newest.every(({ deltaMs }) => deltaMs <= goneMs);
  const isKnown = verdict === "guilty" || isSecond;
  return isGone || (isKnown && rate[accused].mode !== "drain");
}

/** Whether the queue shrinks by the probes that felt a cut; null while they cannot tell yet. */
function isCured(evidence: Evidence, feltFrom: MonoMs): boolean | null {
  const felt = lastSamples(evidence, TUNING.memorySamples, feltFrom);
  const [first, last] = [felt[0], felt.at(-1)];
  if (first === undefined || last === undefined) return null;
  const heardMs = since(first.sentAt, last.sentAt);
  if (isShrinking(felt)) return true;
  return heardMs >= TUNING.trialProbesMs ? false : null;
}

/** What the new rates change: a cut opens a trial, and turns are taken. */
export function follow(
  attribution: Attribution,
  before: PerDirection<RateState>,
  { rate, evidence, now }: Case,
): Attribution {
  const trial =
    attribution.trial === null
      ? opened(before, rate, evidence, now)
      : resumed(attribution.trial, rate);
  const { turn, turnFrom } = attribution;
  const other = opposite(turn);
  const newest = evidence.samples.at(-1);
  const isTaken =
    rate[turn].cause !== "raise" ||
    (since(turnFrom, now) > TUNING.turnMs &&
      (newest?.deltaMs ?? 0) < TUNING.queueMs);
  return rate[other].cause === "turn" && isTaken
    ? { turn: other, turnFrom: now, trial }
    : { turn, turnFrom, trial };
}

/** Whose queue grew on through its cut is heard anew: the line may have fallen during the trial. Its time still counts. */
function resumed(trial: Trial, rate: PerDirection<RateState>): Trial {
  const { cause, countsFrom } = rate[trial.accused];
  return cause === "cut"
    ? { ...trial, feltFrom: countsFrom, verdict: "open", isSecond: false }
    : trial;
}

function opened(
  before: PerDirection<RateState>,
  rate: PerDirection<RateState>,
  evidence: Evidence,
  now: MonoMs,
): Trial | null {
  if (tellsWays(evidence) || !areBothBusy(before)) return null;
  const accused = (["download", "upload"] as const).find(
    (d) => rate[d].cause === "cut",
  );
  return accused === undefined
    ? null
    : {
        accused,
        from: now,
        feltFrom: rate[accused].countsFrom,
        before: before[accused],
        verdict: "open",
        isSecond: false,
      };
}
