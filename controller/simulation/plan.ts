import {
  type Direction,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { mbit } from "../../shared/contract/units.js";
import type { Random } from "./random.js";
import { ALWAYS, type TrafficPlan } from "./traffic.js";

/** Capacity from an instant on, until the next step. */
export interface CapacityStep {
  readonly fromMs: number;
  readonly bps: number;
}

export interface DirectionPlan extends TrafficPlan {
  /** Steps in order of time, the first at 0; may be infinite. The last step holds from then on. */
  readonly capacity: (random: Random) => Iterable<CapacityStep>;
  /** Size of the bottleneck's buffer, as time at the rate of the first step. */
  readonly bufferMs: number;
  /** Delay that a radio scheduler adds to every packet while this direction is in use; default 0. */
  readonly schedulerMs?: number;
}

/** Extra path RTT over the shortest path from an instant on, until the next. */
export interface Detour {
  readonly fromMs: number;
  readonly ms: number;
}

/** A fault of a reflector. */
export type SimulatedFault =
  | { readonly kind: "dead"; readonly fromMs: number }
  | { readonly kind: "lossy"; readonly ratio: number }
  /** Alternately slower by `ms` and normal, each for `meanMs` on average (exponential). */
  | { readonly kind: "slow"; readonly ms: number; readonly meanMs: number };

/** Random additional RTT of some probes. */
export interface Spikes {
  readonly ratio: number;
  readonly lowMs: number;
  readonly highMs: number;
}

/** Parameters of a simulated line. */
export interface LinePlan extends PerDirection<DirectionPlan> {
  /** RTT to the nearest reflector and of every TCP connection; at least 1 ms. */
  readonly baseRttMs: number;
  /** Mean random jitter of a probe's RTT. */
  readonly jitterMs: number;
  /** Random probe loss, in addition to that of overflowing queues. */
  readonly probeLossRatio: number;
  /** Default: none. */
  readonly detours?: (random: Random) => Iterable<Detour>;
  readonly spikes?: Spikes;
  /** Fault of each reflector, by its index; null for none. */
  readonly faults?: readonly (SimulatedFault | null)[];
  /** Update interval of the WAN port's byte counters, as on some network cards; default 25. */
  readonly countedEveryMs?: number;
  /** The share of the bottleneck's queueing delay that probes see; default 1. */
  readonly sightRatio?: number;
}

const QUIET = { ...ALWAYS, steadyBps: 0, burstBps: 0 };

/** A line for tests: fixed capacity steps and endless bulk connections only. */
export function fixedPlan(plan: {
  readonly baseRttMs: number;
  readonly bufferMs: number;
  readonly steps: PerDirection<readonly CapacityStep[]>;
  readonly flows: PerDirection<number>;
}): LinePlan {
  const { baseRttMs, bufferMs, steps, flows } = plan;
  const of = (direction: Direction): DirectionPlan => ({
    capacity: () => steps[direction],
    bufferMs,
    bulk: { ...ALWAYS, flows: flows[direction] },
    background: QUIET,
  });
  return {
    baseRttMs,
    jitterMs: 0.3,
    probeLossRatio: 0.001,
    ...eachDirection(of),
  };
}

type Range = readonly [low: number, high: number];

/** A rate in Mbit/s that alternates between two ranges forever. */
const wandering = (usual: Range, low: Range, usualS: Range, lowS: Range) =>
  function* (random: Random): Generator<CapacityStep, never> {
    for (let fromMs = 0, isLow = false; ; isLow = !isLow) {
      yield { fromMs, bps: mbit(random.between(...(isLow ? low : usual))) };
      fromMs += Math.round(1e3 * random.between(...(isLow ? lowS : usualS)));
    }
  };

const web = (steadyBps: number, burstBps: number) => ({
  steadyBps,
  burstBps,
  onMeanMs: 400,
  offMeanMs: 4000,
});

/** The two lines of the demo. */
export const LINES = {
  /** DOCSIS: shared, drops to about half for half a minute. */
  cable: {
    baseRttMs: 22,
    jitterMs: 0.8,
    probeLossRatio: 0.001,
    download: {
      capacity: wandering([190, 205], [90, 150], [15, 40], [20, 40]),
      bufferMs: 1000,
      bulk: { flows: 6, onMeanMs: 25_000, offMeanMs: 8000 },
      background: web(mbit(0.3), mbit(12)),
    },
    upload: {
      capacity: wandering([19, 21], [12, 16], [15, 40], [20, 40]),
      bufferMs: 1500,
      bulk: { flows: 2, onMeanMs: 12_000, offMeanMs: 20_000 },
      background: web(mbit(0.2), mbit(1)),
    },
  },
  /** VDSL: steady, except for occasional crosstalk. */
  vdsl: {
    baseRttMs: 28,
    jitterMs: 0.3,
    probeLossRatio: 0.001,
    download: {
      capacity: wandering([92, 97], [65, 82], [25, 40], [15, 30]),
      bufferMs: 1200,
      bulk: { flows: 4, onMeanMs: 25_000, offMeanMs: 8000 },
      background: web(mbit(0.3), mbit(8)),
    },
    upload: {
      capacity: wandering([18.5, 19.5], [15, 17], [30, 40], [15, 30]),
      bufferMs: 2000,
      bulk: { flows: 2, onMeanMs: 12_000, offMeanMs: 20_000 },
      background: web(mbit(0.2), mbit(1)),
    },
  },
} as const satisfies Record<string, LinePlan>;

export type LineName = keyof typeof LINES;

/** The capacity at non-decreasing times, bit/s. */
export function openCapacity(
  steps: Iterable<CapacityStep>,
): (nowMs: number) => number {
  const at = openTimeline(steps, { fromMs: 0, bps: 0 });
  return (nowMs) => at(nowMs).bps;
}

/** The current part at non-decreasing times; `first` before the first one. */
export function openTimeline<T extends { readonly fromMs: number }>(
  parts: Iterable<T>,
  first: T,
): (nowMs: number) => T {
  const coming = parts[Symbol.iterator]();
  let current = first;
  let next = coming.next();
  return (nowMs) => {
    while (next.done !== true && next.value.fromMs <= nowMs) {
      current = next.value;
      next = coming.next();
    }
    return current;
  };
}
