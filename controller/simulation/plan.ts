import {
  type Direction,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { mbit } from "../../shared/contract/units.js";
import type { Random } from "./random.js";
import { ALWAYS, type TrafficPlan } from "./traffic.js";

/** From an instant on the line can carry so much, until the next step. */
export interface CapacityStep {
  readonly fromMs: number;
  readonly bps: number;
}

export interface DirectionPlan extends TrafficPlan {
  /** Steps in order of time, the first from 0; perhaps without end. After the last one nothing changes any more. */
  readonly capacity: (random: Random) => Iterable<CapacityStep>;
  /** What the bottleneck's buffer holds, as time at the first step's rate. */
  readonly bufferMs: number;
  /** What a radio's scheduler adds to every packet's way while this direction is in use, whatever its rate; 0 where not said. */
  readonly schedulerMs?: number;
}

/** From an instant on the way is longer than at its shortest by so much, until the next. */
export interface Detour {
  readonly fromMs: number;
  readonly ms: number;
}

/** What is wrong with a reflector. */
export type SimulatedFault =
  | { readonly kind: "dead"; readonly fromMs: number }
  | { readonly kind: "lossy"; readonly ratio: number }
  /** Slower by `ms` for `meanMs`, then not, and so on; both vary exponentially. */
  | { readonly kind: "slow"; readonly ms: number; readonly meanMs: number };

/** What chance adds to some probes' RTT. */
export interface Spikes {
  readonly ratio: number;
  readonly lowMs: number;
  readonly highMs: number;
}

/** All that is to know about a simulated line before its dice are cast. */
export interface LinePlan extends PerDirection<DirectionPlan> {
  /** Of the nearest reflector and of every TCP connection; 1 ms or more. */
  readonly baseRttMs: number;
  /** Mean of what chance adds to a probe's RTT. */
  readonly jitterMs: number;
  /** Probes lost to chance, apart from those an overflowing queue loses. */
  readonly probeLossRatio: number;
  /** Where not said: none. */
  readonly detours?: (random: Random) => Iterable<Detour>;
  readonly spikes?: Spikes;
  /** What is wrong with the reflector in this place, if anything. */
  readonly faults?: readonly (SimulatedFault | null)[];
  /** The byte counters of the WAN port move only each so many ms, as some network cards' do; 25 where not said. */
  readonly countedEveryMs?: number;
  /** The part of the bottleneck's queue that probes wait in; all of it where not said. */
  readonly sightRatio?: number;
}

const QUIET = { ...ALWAYS, steadyBps: 0, burstBps: 0 };

/** A line for tests: given steps of capacity, given bulk connections that never end, nothing else. */
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

/** A rate in Mbit/s that falls for a while, comes back, and so on for ever. */
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
  /** DOCSIS: the neighbours come home, and half of it is gone for half a minute. */
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
  /** VDSL: steady, but for crosstalk now and then. */
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

/** The capacity at instants that never go back, bit/s. */
export function openCapacity(
  steps: Iterable<CapacityStep>,
): (nowMs: number) => number {
  const at = openTimeline(steps, { fromMs: 0, bps: 0 });
  return (nowMs) => at(nowMs).bps;
}

/** What holds at instants that never go back; `first` before anything does. */
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
