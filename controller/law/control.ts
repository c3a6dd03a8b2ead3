import { since, type MonoMs } from "../../shared/clock.js";
import {
  eachDirection,
  opposite,
  type Direction,
  type PerDirection,
} from "../../shared/direction.js";
import type { State } from "../../shared/state.js";
import { classify, type Transition } from "./congestion.js";
import {
  estimate,
  leastBaselineMs,
  rememberedPath,
  type Estimate,
} from "./estimator.js";
import {
  lastSamples,
  NO_EVIDENCE,
  witness,
  type Evidence,
} from "./evidence.js";
import type { Policy } from "./policy.js";
import type { Reading } from "./reading.js";
import { initialRate, nextRate, type RateState } from "./shaper-rate.js";
import { remember, type Traffic } from "./traffic.js";
import { TUNING } from "./tuning.js";

/** Everything the controller knows between two beats. Small, readonly, printable. */
export interface ControlState {
  readonly at: MonoMs;
  readonly estimate: Estimate;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  readonly state: PerDirection<State>;
  /** The changes of state of this very step. */
  readonly transition: PerDirection<Transition | null>;
  readonly rate: PerDirection<RateState>;
}

/** What an earlier run learned (CTRL-06): baselines by reflector, as far as they are known, and the last rates. */
export interface Known {
  readonly baselinesMs: readonly (number | null)[];
  readonly rateBps: PerDirection<number> | null;
}

export const NOTHING_KNOWN: Known = { baselinesMs: [], rateBps: null };

/** The state before the first beat: at the rates of before where they are known, else at base. */
export const initial = (
  policy: Policy,
  now: MonoMs,
  { baselinesMs, rateBps }: Known = NOTHING_KNOWN,
): ControlState => ({
  at: now,
  estimate: rememberedPath(policy.reflectors, baselinesMs, now),
  evidence: NO_EVIDENCE,
  traffic: [],
  state: { download: "GREEN", upload: "GREEN" },
  transition: { download: null, upload: null },
  rate: eachDirection((direction) =>
    initialRate(rateBps?.[direction] ?? policy.limits[direction].baseBps, now),
  ),
});

/**
 * One beat: what is known, what was seen and what is preferred become what is known now. Pure; the same for the daemon,
 * the tests and any simulation. Two steps may lie any time apart.
 */
export function step(
  before: ControlState,
  reading: Reading,
  now: MonoMs,
  policy: Policy,
): ControlState {
  const { after: path, samples } = estimate(before.estimate, reading.replies);
  const leastRttMs = leastBaselineMs(path) ?? 0;
  const evidence = witness(before.evidence, samples, now, leastRttMs);
  const traffic = remember(before.traffic, reading.traffic, now);
  const newest = lastSamples(evidence, TUNING.voters, -Infinity as MonoMs);
  const classified = eachDirection((d) =>
    classify(before.state[d], newest, policy.limits[d]),
  );
  const scene = {
    now,
    elapsedMs: Math.min(TUNING.stepMaxMs, Math.max(0, since(before.at, now))),
    evidence,
    traffic,
    deltaMs: path.deltaMs,
    leastRttMs,
    spacingMs: policy.spacingMs,
  };
  return {
    at: now,
    estimate: path,
    evidence,
    traffic,
    state: eachDirection((d) => classified[d].state),
    transition: eachDirection((d) => classified[d].transition),
    rate: eachDirection((direction) =>
      nextRate(before.rate[direction], {
        ...scene,
        direction,
        limits: policy.limits[direction],
        isSuspect: isSuspect(before.rate, direction),
      }),
    ),
  };
}

/**
 * A round trip does not tell which way it was slow; load does, in part. Busy directions are suspects, and where none is
 * busy the busier one; who is draining stays one, since after a fall its load is low because the line is the bottleneck.
 */
function isSuspect(
  rate: PerDirection<RateState>,
  direction: Direction,
): boolean {
  const own = rate[direction];
  const other = rate[opposite(direction)];
  if (
    own.peakLoad === null ||
    own.mode === "drain" ||
    own.peakLoad >= TUNING.busyRatio
  )
    return true;
  const otherLoad = other.peakLoad ?? 1;
  return (
    otherLoad < TUNING.busyRatio &&
    own.peakLoad >= TUNING.guiltyRatio &&
    own.peakLoad >= otherLoad
  );
}
