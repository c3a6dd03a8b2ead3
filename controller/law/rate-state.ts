import type { Cause } from "../../shared/contract/cause.js";
import {
  type Direction,
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { clamp } from "../../shared/contract/units.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { Evidence } from "./evidence.js";
import type { Limits } from "./inputs.js";
import type { Traffic } from "./traffic.js";
import { type Gains, TUNING } from "./tuning.js";

/** What a cut was made of. */
export interface CutEvidence {
  /** Delay of the worst sample, ms. */
  readonly deltaMs: number;
  /** So many samples were bad, among so many. */
  readonly bad: number;
  readonly samples: number;
  /** What the line was seen to carry; null without counters. */
  readonly seenBps: number | null;
}

/** One direction's rate and what it remembers of the line. `drain`: cut below capacity; `return`: on its way back; `grow`: free. */
export interface RateState {
  readonly bps: number;
  /** The effective target of the last step: {@link withSlack}. */
  readonly targetMs: number;
  readonly mode: "grow" | "drain" | "return";
  readonly cause: Cause;
  /** The number that belongs to the cause, ms. */
  readonly causeMs: number | null;
  /** Only probes sent from here on can have felt the last cut. */
  readonly countsFrom: MonoMs;
  /** No second cut before, unless it got worse than at the last one. */
  readonly refractoryUntil: MonoMs;
  readonly lastCut: CutEvidence | null;
  readonly returnToBps: number;
  readonly settledAt: MonoMs;
  /** Capacity at the last cut, and before its last great change. */
  readonly carriedBps: number | null;
  readonly recalledBps: number | null;
  /** Recent peak of load over rate; null without counters. */
  readonly peakLoad: number | null;
  readonly usedAt: MonoMs;
}

/** What a decision about one direction is taken from. */
export interface StepInput {
  readonly direction: Direction;
  readonly limits: Limits;
  readonly gains: Gains;
  readonly now: MonoMs;
  /** Real time since the last step, at most `stepMaxMs`. */
  readonly elapsedMs: number;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  /** Smoothed delta, ms; null before the first reply. */
  readonly deltaMs: number | null;
  readonly leastRttMs: number;
  readonly spacingMs: number;
  /** What packets of our own add to a delay without any queue: see {@link slackMs}. */
  readonly slackMs: number;
  /** The same for the round trip. */
  readonly roundTripSlackMs: number;
  /** How long the byte counters stand still between two moves, ms; 0: they move as bytes pass. */
  readonly heldMs: number;
  /** Whether a queue of which nothing tells the direction may be this one's. */
  readonly isSuspect: boolean;
  /** Whether it may look for more than it knows to be there. */
  readonly mayProbe: boolean;
  /** Whether a cut is being judged by what it changes. */
  readonly isCutTested: boolean;
  /** Whether a cut now is more than a guess. */
  readonly isCertain: boolean;
  /** In how long a cut is to empty the queue, ms. */
  readonly drainMs: number;
}

export const initialRate = (
  bps: number,
  { targetMs }: Limits,
  now: MonoMs,
): RateState => ({
  bps,
  targetMs,
  mode: "grow",
  cause: "start",
  causeMs: null,
  countsFrom: now,
  refractoryUntil: now,
  lastCut: null,
  returnToBps: bps,
  settledAt: now,
  carriedBps: null,
  recalledBps: null,
  peakLoad: null,
  usedAt: now,
});

export const ratesOf = (rate: PerDirection<RateState>): PerDirection<number> =>
  eachDirection((direction) => rate[direction].bps);

/** Whether a delay is clearly longer than at the last cut. */
export const isWorse = (
  worstMs: number,
  lastCut: CutEvidence | null,
): boolean => worstMs > 1.3 * (lastCut?.deltaMs ?? 0) + 10;

/** The same, and why. */
export const withCause = (
  state: RateState,
  cause: Cause,
  causeMs: number | null,
): RateState => ({
  ...state,
  cause,
  causeMs,
});

/** The same at another rate, within its limits. */
export const withRate = (
  state: RateState,
  bps: number,
  { floorBps, ceilingBps }: Limits,
): RateState => ({
  ...state,
  bps: clamp(bps, floorBps, ceilingBps),
});

/** How long a full packet takes at a rate, ms. */
export const packetMs = (bps: number): number =>
  (TUNING.packetBits / bps) * 1e3;

/**
 * What full packets of our own add to a delay at the present rates, ms, where they take long. Two of each direction in use
 * add to a round trip. Of one direction's delay its own two are a part, and one of the other direction's: acknowledgements
 * wait behind it, and then call for as much at once.
 * @param own whose delay it is; null: that of the round trip
 */
export const slackMs = (
  rate: PerDirection<RateState>,
  own: Direction | null,
): number =>
  DIRECTIONS.filter((d) => isInUse(rate[d])).reduce((sum, d) => {
    const packets = own === null || own === d ? TUNING.packetsForgiven : 1;
    const longMs = Math.max(0, packetMs(rate[d].bps) - TUNING.packetMs);
    return sum + packets * longMs;
  }, 0);

/** Whether it carries enough to have full packets on their way. */
export const isInUse = ({ peakLoad }: Pick<RateState, "peakLoad">): boolean =>
  (peakLoad ?? 1) >= TUNING.inUseRatio;

/** A window over which a slow direction has let several packets pass, ms. */
export const windowMs = (leastMs: number, bps: number): number =>
  Math.min(
    Math.max(leastMs, TUNING.windowPackets * packetMs(bps)),
    TUNING.memoryMs,
  );

/** The thresholds in force: the configured ones, and what own packets explain. */
export const withSlack = (limits: Limits, slackMs: number): Limits => ({
  ...limits,
  targetMs: limits.targetMs + slackMs,
  warnMs: limits.warnMs + slackMs,
  hardRedMs: limits.hardRedMs + slackMs,
});

/** In how long a queue is to be emptied where the operator wants this target, ms. */
export const drainFor = ({ targetMs }: Limits): number =>
  clamp(
    (TUNING.drainMs * targetMs) / TUNING.drainTargetMs,
    TUNING.drainLeastMs,
    TUNING.drainMs,
  );

/** Where the rate law begins to act, ms of delay: below the target, so that its own probing stays GREEN. */
export const trimMs = ({ limits, slackMs }: StepInput): number =>
  TUNING.trimRatio * limits.targetMs + slackMs;
