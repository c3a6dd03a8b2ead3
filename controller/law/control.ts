import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import type { State } from "../../shared/contract/state.js";
import { clamp } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";
import { classify, delayOf, type Transition } from "./congestion.js";
import {
  estimate,
  type Estimate,
  leastBaselineMs,
  rememberedPath,
} from "./estimator.js";
import {
  type Evidence,
  nextCounterUpdates,
  lastSamples,
  NO_EVIDENCE,
  NO_COUNTER_UPDATES,
  type CounterUpdates,
  resting,
  tellsOneWayDelays,
  addSamples,
} from "./evidence.js";
import type { Policy, Reading } from "./inputs.js";
import {
  initialRate,
  type RateState,
  slackMs,
  withSlack,
} from "./rate-state.js";
import { isAtFloor } from "./load-gate.js";
import { nextRate } from "./shaper-rate.js";
import { remember, type Traffic } from "./traffic.js";
import { TUNING } from "./tuning.js";
import {
  type Attribution,
  drainMs,
  nextAttribution,
  isCertain,
  mayProbe,
  noSuspect,
  suspects,
} from "./two-way/attribution.js";
import { resultOf } from "./two-way/cut-test.js";

/** Everything the law remembers from one cycle to the next. Small, readonly, printable. */
export interface ControlState {
  readonly at: MonoMs;
  readonly estimate: Estimate;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  readonly counterUpdates: CounterUpdates;
  readonly state: PerDirection<State>;
  /** The changes of state in this step. */
  readonly transition: PerDirection<Transition | null>;
  readonly rate: PerDirection<RateState>;
  readonly attribution: Attribution;
}

/** What an earlier run learned (CTRL-06): baselines by reflector, null where unknown, and the last rates. */
export interface Known {
  readonly baselinesMs: readonly (number | null)[];
  readonly rateBps: PerDirection<number> | null;
  /** How restless each direction was, 0 to 1. */
  readonly restless: PerDirection<number> | null;
}

export const NOTHING_KNOWN: Known = {
  baselinesMs: [],
  rateBps: null,
  restless: null,
};

/** The state before the first cycle: at the rates of the earlier run where they are known, else at base. */
export const initial = (
  policy: Policy,
  now: MonoMs,
  { baselinesMs, rateBps, restless }: Known = NOTHING_KNOWN,
): ControlState => ({
  at: now,
  estimate: rememberedPath(policy.reflectors, baselinesMs, now),
  evidence: NO_EVIDENCE,
  traffic: [],
  counterUpdates: NO_COUNTER_UPDATES,
  state: { download: "GREEN", upload: "GREEN" },
  transition: { download: null, upload: null },
  rate: eachDirection((direction) =>
    initialRate(
      rateBps?.[direction] ?? policy.limits[direction].baseBps,
      policy.limits[direction],
      now,
      restless?.[direction] ?? policy.restless,
    ),
  ),
  attribution: noSuspect(now),
});

const isAnyAtFloor = (
  rate: PerDirection<RateState>,
  { limits }: Policy,
): boolean => DIRECTIONS.some((d) => isAtFloor(rate[d], limits[d]));

/** One cycle of the law. Pure: the daemon, the lab and the tests call the same function. Steps may be any time apart. */
export function step(
  before: ControlState,
  reading: Reading,
  now: MonoMs,
  policy: Policy,
): ControlState {
  const { after: path, samples } = estimate(
    before.estimate,
    reading.replies,
    isAnyAtFloor(before.rate, policy),
    slackMs(before.rate, null),
  );
  const leastRttMs = leastBaselineMs(path) ?? 0;
  const evidence =
    reading.kind === "asleep"
      ? resting(before.evidence, now)
      : addSamples(before.evidence, samples, now, leastRttMs);
  const counterUpdates = nextCounterUpdates(
    before.counterUpdates,
    reading.traffic,
  );
  const { heldMs } = counterUpdates;
  const traffic = remember(before.traffic, reading.traffic, now, heldMs);
  const elapsedMs = clamp(msSince(before.at, now), 0, TUNING.stepMaxMs);
  const seen = { rate: before.rate, evidence, traffic, now };
  const { cutTest, rate: tested } = resultOf(before.attribution.cutTest, seen);
  const attribution = { ...before.attribution, cutTest };
  const known = { ...seen, rate: tested };
  const suspected = suspects(attribution, known, policy.limits);
  const roundTripSlackMs = slackMs(tested, null);
  const slack = tellsOneWayDelays(evidence)
    ? eachDirection((d) => slackMs(tested, d))
    : eachDirection(() => roundTripSlackMs);
  const newest = lastSamples(
    evidence,
    TUNING.recentSamples,
    -Infinity as MonoMs,
  );
  const classified = eachDirection((d) =>
    classify(
      before.state[d],
      newest.map((sample) => delayOf(sample, d)),
      withSlack(policy.limits[d], slack[d]),
    ),
  );
  const rate = eachDirection((direction) =>
    // spelled out: a spread of so many fields would cost more than the rest of the step
    nextRate(tested[direction], {
      now,
      elapsedMs,
      evidence,
      traffic,
      deltaMs: path.deltaMs,
      leastRttMs,
      spacingMs: policy.spacingMs,
      slackMs: slack[direction],
      roundTripSlackMs,
      heldMs,
      direction,
      limits: policy.limits[direction],
      isSuspect: suspected[direction],
      mayProbe: mayProbe(attribution, known, direction),
      isCutTested: cutTest !== null,
      isCertain: isCertain(attribution, known),
      drainMs: drainMs(known, policy.limits[direction]),
    }),
  );
  return {
    at: now,
    estimate: path,
    evidence,
    traffic,
    counterUpdates,
    state: eachDirection((d) => classified[d].state),
    transition: eachDirection((d) => classified[d].transition),
    rate,
    attribution: nextAttribution(attribution, tested, {
      rate,
      evidence,
      traffic,
      now,
    }),
  };
}
