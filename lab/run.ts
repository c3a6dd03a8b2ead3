import { openSimulatedLine } from "../controller/simulation/line.js";
import { openRandom } from "../controller/simulation/random.js";
import {
  type Direction,
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../shared/contract/direction.js";
import { openLabActuator, openLabTc } from "./actuator.js";
import type { LabPolicy } from "./policy.js";
import type { Scenario } from "./scenario.js";

/** What happened in the {@link BIN_MS} that began at an instant. Rates in bit/s. */
export interface Bin {
  readonly atMs: number;
  readonly capacityBps: PerDirection<number>;
  readonly rateBps: PerDirection<number>;
  readonly deliveredBps: PerDirection<number>;
}

/** A packet of the call: when it left, and what queues added to its round trip. */
export interface CallPacket {
  readonly sentAtMs: number;
  readonly addedMs: number;
}

/** A change of one direction's capacity. */
export interface RateWritten {
  readonly direction: Direction;
  readonly atMs: number;
  readonly fromBps: number;
  readonly toBps: number;
}

/** One run of one policy in one scenario. */
export interface LabRun {
  readonly bins: readonly Bin[];
  readonly callPackets: readonly CallPacket[];
  readonly changes: readonly RateWritten[];
  /** Requests that lowered a direction's rate by more than {@link CUT_RATIO} at once. */
  readonly cuts: number;
  readonly writes: number;
  readonly scoredMs: number;
}

export const BIN_MS = 100;
const CALL_EVERY_MS = 25;
const PROBE_LOST_MS = 2000;
/** Part of the rate: less is drift, not a cut. */
const CUT_RATIO = 0.005;

/** Plays a scenario under a policy. Runs are reproducible, and every policy has the same line and users for a seed. */
export function play(
  scenario: Scenario,
  policy: LabPolicy,
  seed: number,
): LabRun {
  const { plan, kind, nominalBps, limits, scoredFromMs, startsAtMs } = scenario;
  const endMs = scenario.seconds * 1000;
  const line = openSimulatedLine({
    plan,
    seed,
    reflectors: policy.reflectors,
    spacingMs: policy.spacingMs,
    lossMs: PROBE_LOST_MS,
    callEveryMs: CALL_EVERY_MS,
  });
  const actuator =
    policy.isInstant === true
      ? openLabTc(0)
      : openLabActuator(
          scenario.actuator,
          openRandom(seed, "actuator"),
          policy.isPaced,
        );
  const controller = policy.open({
    actuator: scenario.actuator,
    kind,
    limits,
    nominalBps,
    capacityBps: () => line.capacityBps(),
    random: openRandom(seed, policy.name),
  });
  const bins: Bin[] = [];
  const callPackets: CallPacket[] = [];
  const changes: RateWritten[] = [];
  let cuts = 0;
  let writesBefore = 0;
  let previous: PerDirection<number> | null = null;
  let rateBps = actuator.pass(0);
  let capacityBps = line.capacityBps();
  let delivered = line.delivered();
  let binAtMs = 0;
  let cycleAtMs = startsAtMs;

  function decide(nowMs: number) {
    const seen = line.take();
    if (nowMs === startsAtMs && nowMs > 0) {
      // a policy does not know what happened before it started
      const nothing = { kind: "none_yet", replies: [], lost: 0 } as const;
      return controller.decide({ ...nothing, traffic: [] }, line.advance(0));
    }
    return controller.decide(seen, line.advance(0));
  }

  function act(nowMs: number) {
    const desired = decide(nowMs);
    const before = previous;
    if (before !== null && nowMs >= scoredFromMs)
      cuts += DIRECTIONS.filter(
        (d) => desired[d] < (1 - CUT_RATIO) * before[d],
      ).length;
    previous = desired;
    actuator.request(desired, nowMs);
    cycleAtMs += policy.cycleMs;
  }

  function note(nowMs: number) {
    const after = line.delivered();
    const before = delivered;
    bins.push({
      atMs: binAtMs,
      capacityBps: eachDirection(
        (d) => ((after[d].ofBytes - before[d].ofBytes) * 8e3) / BIN_MS,
      ),
      rateBps,
      deliveredBps: eachDirection(
        (d) => ((after[d].bytes - before[d].bytes) * 8e3) / BIN_MS,
      ),
    });
    for (const { sentAt, addedMs } of line.takeCall())
      callPackets.push({ sentAtMs: sentAt, addedMs });
    delivered = after;
    binAtMs = nowMs;
    if (nowMs <= scoredFromMs) writesBefore = actuator.writes();
  }

  function watchCapacity(nowMs: number) {
    const after = line.capacityBps();
    for (const direction of DIRECTIONS) {
      const [fromBps, toBps] = [capacityBps[direction], after[direction]];
      if (toBps !== fromBps)
        changes.push({ direction, atMs: nowMs, fromBps, toBps });
    }
    capacityBps = after;
  }

  for (let nowMs = 0; nowMs < endMs;) {
    if (nowMs >= cycleAtMs) act(nowMs);
    rateBps = actuator.pass(nowMs);
    line.shape(rateBps);
    const nextMs = Math.max(
      nowMs + 1,
      Math.min(cycleAtMs, binAtMs + BIN_MS, actuator.nextMs(), endMs),
    );
    line.advance(nextMs - nowMs);
    nowMs = nextMs;
    watchCapacity(nowMs);
    if (nowMs >= binAtMs + BIN_MS) note(nowMs);
  }
  return {
    bins,
    callPackets,
    changes,
    cuts,
    writes: actuator.writes() - writesBefore,
    scoredMs: endMs - scoredFromMs,
  };
}
