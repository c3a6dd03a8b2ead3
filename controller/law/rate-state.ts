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
import { initialRestlessness, type Restlessness } from "./restlessness.js";
import { CALM, TUNING } from "./tuning.js";

/** What led to a cut. */
export interface CutEvidence {
  /** Delay of the worst bad sample, ms. */
  readonly deltaMs: number;
  /** How many samples were bad, and of how many. */
  readonly bad: number;
  readonly samples: number;
  /** What the line was seen to carry; null without counters. */
  readonly seenBps: number | null;
  readonly at: MonoMs;
  /** Whether the cut before had changed nothing. */
  readonly isRepeat: boolean;
}

/** Where a rate is on its way: cut below the capacity, back to it, or free to grow. */
export type Mode =
  | {
      readonly kind: "drain";
      readonly returnToBps: number;
      /** No second cut before, unless the delay is worse than at the last one. */
      readonly refractoryUntil: MonoMs;
    }
  | { readonly kind: "return"; readonly returnToBps: number }
  | {
      readonly kind: "grow";
      /** No raise near the known capacity before. */
      readonly settledAt: MonoMs;
    };

/** One direction's rate, and what it remembers of the line. */
export interface RateState {
  readonly bps: number;
  /** The effective target of the last step: {@link withSlack}. */
  readonly targetMs: number;
  readonly mode: Mode;
  readonly cause: Cause;
  /** The number that belongs to the cause, ms. */
  readonly causeMs: number | null;
  /** Only probes sent from here on can show the effect of the last cut. */
  readonly countsFrom: MonoMs;
  readonly lastCut: CutEvidence | null;
  /** Capacity at the last cut. */
  readonly carriedBps: number | null;
  /** Capacity before its last large change. */
  readonly recalledBps: number | null;
  readonly restlessness: Restlessness;
  /** Recent peak of load over rate; null without counters. */
  readonly peakLoad: number | null;
  readonly usedAt: MonoMs;
}

/** All that the next rate of one direction depends on, besides its present state. */
export interface StepInput {
  readonly direction: Direction;
  readonly limits: Limits;
  readonly now: MonoMs;
  /** Time since the last step, at most `stepMaxMs`. */
  readonly elapsedMs: number;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  /** Smoothed delta, ms; null before the first reply. */
  readonly deltaMs: number | null;
  readonly leastRttMs: number;
  readonly spacingMs: number;
  /** What our own packets add to this direction's delay without any queue: {@link slackMs}. */
  readonly slackMs: number;
  /** The same for the round trip. */
  readonly roundTripSlackMs: number;
  /** Time between two updates of the byte counters, ms; 0: continuous. */
  readonly heldMs: number;
  /** Whether this direction may have caused a queue whose direction is unknown. */
  readonly isSuspect: boolean;
  /** Whether it may grow beyond the known capacity. */
  readonly mayProbe: boolean;
  /** Whether a cut test is running. */
  readonly isCutTested: boolean;
  /** Whether a cut now is more than a guess. */
  readonly isCertain: boolean;
  /** Time in which a cut is to empty the queue, ms. */
  readonly drainMs: number;
}

export const initialRate = (
  bps: number,
  { targetMs }: Limits,
  now: MonoMs,
  restless = 0,
): RateState => ({
  bps,
  targetMs,
  mode: { kind: "grow", settledAt: now },
  cause: "start",
  causeMs: null,
  countsFrom: now,
  lastCut: null,
  carriedBps: null,
  recalledBps: null,
  restlessness: initialRestlessness(restless),
  peakLoad: null,
  usedAt: now,
});

export const ratesOf = (rate: PerDirection<RateState>): PerDirection<number> =>
  eachDirection((direction) => rate[direction].bps);

/** Whether a delay is clearly longer than at the last cut. */
export const isWorse = (
  worstMs: number,
  lastCut: CutEvidence | null,
): boolean =>
  worstMs > TUNING.worseRatio * (lastCut?.deltaMs ?? 0) + TUNING.worseMs;

export const withCause = (
  state: RateState,
  cause: Cause,
  causeMs: number | null,
): RateState => ({
  ...state,
  cause,
  causeMs,
});

/** The state at another rate, clamped to floor and ceiling. */
export const withRate = (
  state: RateState,
  bps: number,
  { floorBps, ceilingBps }: Limits,
): RateState => ({
  ...state,
  bps: clamp(bps, floorBps, ceilingBps),
});

/** Serialization time of a full-size packet at a rate, ms. */
export const packetMs = (bps: number): number =>
  (TUNING.packetBits / bps) * 1e3;

/**
 * What full-size packets of our own add to a delay at the present rates, ms, as far as each takes longer than
 * `TUNING.packetMs`. A round trip may wait for two packets of each direction in use. One direction's delay contains two
 * of its own and one of the other: acknowledgements wait behind that one, and then release as much at once.
 * @param own the direction whose delay it is; null for the round trip
 */
export const slackMs = (
  rate: PerDirection<RateState>,
  own: Direction | null,
): number =>
  DIRECTIONS.filter((d) => isInUse(rate[d])).reduce((sum, d) => {
    const packets =
      own === null || own === d
        ? TUNING.packetsForgiven
        : TUNING.otherPacketsForgiven;
    const longMs = Math.max(0, packetMs(rate[d].bps) - TUNING.packetMs);
    return sum + packets * longMs;
  }, 0);

/** Whether it carries enough to have full-size packets in flight. */
export const isInUse = ({ peakLoad }: Pick<RateState, "peakLoad">): boolean =>
  (peakLoad ?? 1) >= TUNING.inUseRatio;

/** `leastMs`, or longer where that is too short for `windowPackets` packets, ms. */
export const windowMs = (leastMs: number, bps: number): number =>
  Math.min(
    Math.max(leastMs, TUNING.windowPackets * packetMs(bps)),
    TUNING.memoryMs,
  );

/** The effective thresholds: the configured ones plus what our own packets explain. */
export const withSlack = (limits: Limits, slackMs: number): Limits => ({
  ...limits,
  targetMs: limits.targetMs + slackMs,
  warnMs: limits.warnMs + slackMs,
  hardRedMs: limits.hardRedMs + slackMs,
});

/** Time in which a cut is to empty the queue, ms: shorter for a smaller target. */
export const drainFor = ({ targetMs }: Limits): number =>
  clamp(
    (CALM.drainMs * targetMs) / TUNING.drainTargetMs,
    TUNING.drainLeastMs,
    CALM.drainMs,
  );

/** The delay at which the law acts, ms: below the target, so that its own probing stays GREEN. */
export const trimMs = ({ limits, slackMs }: StepInput): number =>
  TUNING.trimRatio * limits.targetMs + slackMs;
