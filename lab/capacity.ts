import type { Detour, CapacityStep } from "../controller/simulation/plan.js";
import type { Random } from "../controller/simulation/random.js";
import { clamp, mbit } from "../shared/contract/units.js";

type Capacity = (random: Random) => Iterable<CapacityStep>;

/** Step length of a capacity that changes all the time. */
const GRID_MS = 100;
const STEADY_MS = 500;
const OFFSET_MS = 5000;

export const constant =
  (mbps: number): Capacity =>
  () => [{ fromMs: 0, bps: mbit(mbps) }];

/**
 * Mbit/s from these seconds on, all delayed by the same random time of at most {@link OFFSET_MS}, so that a fall meets a
 * controller at any point of its probing.
 */
export const steps =
  (...parts: readonly (readonly [atS: number, mbps: number])[]): Capacity =>
  (random) => {
    const offsetMs = Math.floor(random.between(0, OFFSET_MS));
    return parts.map(([atS, mbps]) => ({
      fromMs: atS === 0 ? 0 : atS * 1000 + offsetMs,
      bps: mbit(mbps),
    }));
  };

/** The same without the delay: for changes of both directions at once. */
export const exactly =
  (...parts: readonly (readonly [atS: number, mbps: number])[]): Capacity =>
  () =>
    parts.map(([atS, mbps]) => ({ fromMs: atS * 1000, bps: mbit(mbps) }));

/** Steady, but for the last `lowS` of each `everyS` seconds; delayed as {@link steps} are. */
export const dips = (line: {
  readonly mbps: number;
  readonly lowMbps: number;
  readonly everyS: number;
  readonly lowS: number;
  readonly untilS: number;
}): Capacity => {
  const { mbps, lowMbps, everyS, lowS, untilS } = line;
  return steps(
    ...Array.from({ length: Math.ceil(untilS / everyS) }, (_, i) => [
      [i * everyS, mbps] as const,
      [(i + 1) * everyS - lowS, lowMbps] as const,
    ]).flat(),
  );
};

/** Linear between these points. */
export const ramp = (
  ...points: readonly (readonly [atS: number, mbps: number])[]
): Capacity =>
  function* () {
    yield { fromMs: 0, bps: mbit(points[0]?.[1] ?? 0) };
    for (const [i, [toS, to]] of points.entries()) {
      const [fromS, from] = points[i - 1] ?? [toS, to];
      for (let ms = fromS * 1000; ms < toS * 1000; ms += STEADY_MS) {
        const part = (ms / 1000 - fromS) / (toS - fromS);
        yield { fromMs: ms, bps: mbit(from + part * (to - from)) };
      }
    }
  };

/** Standard normal (Box-Muller). */
const normal = (random: Random): number =>
  Math.sqrt(2 * random.exponential(1)) *
  Math.cos(2 * Math.PI * random.uniform());

/** A first-order autoregressive process: mean 0, standard deviation 1, time constant `memoryMs`. */
function* wandering(memoryMs: number, random: Random): Generator<number> {
  const keeps = Math.exp(-GRID_MS / memoryMs);
  const fresh = Math.sqrt(1 - keeps * keeps);
  for (let value = normal(random); ;) {
    yield value;
    value = keeps * value + fresh * normal(random);
  }
}

/** Standard deviation of the logarithm of a redrawn capacity; it lies within a factor of 2 of its median most of the time. */
const REDRAWN_SIGMA = 0.5;
/** Parts of the median. */
const REDRAWN_LEAST = 0.4;
const REDRAWN_MOST = 2;

/** Log-normal, drawn anew each so many ms without regard to what was before. */
export const redrawn = (medianMbps: number, everyMs: number): Capacity =>
  function* (random) {
    for (let fromMs = 0; ; fromMs += everyMs) {
      const ratio = Math.exp(REDRAWN_SIGMA * normal(random));
      const kept = clamp(ratio, REDRAWN_LEAST, REDRAWN_MOST);
      yield { fromMs, bps: mbit(medianMbps * kept) };
    }
  };

/**
 * LTE like the T-Mobile recordings of the mahimahi project (1 s bins: p5 4.1, median 14, p95 37.2 Mbit/s, gaps up to
 * 0.9 s, 5 halvings a minute): a log-normal process, wider below the median than above it, with gaps.
 */
export const lte = (medianMbps: number): Capacity =>
  function* (random) {
    const wanders = wandering(3000, random);
    let holeAtMs = random.exponential(12_000);
    let fromMs = 0;
    for (const value of wanders) {
      const isHole = fromMs >= holeAtMs;
      if (isHole && random.uniform() < GRID_MS / 250)
        holeAtMs = fromMs + random.exponential(12_000);
      yield {
        fromMs,
        bps: isHole
          ? 0
          : mbit(medianMbps * Math.exp((value < 0 ? 0.88 : 0.64) * value)),
      };
      fromMs += GRID_MS;
    }
  };

/** Time between two changes of satellite. */
const HANDOVER_MS = 15_000;

/**
 * Starlink like the LeoCC recording (p5 36, median 48, p95 63 Mbit/s, plateaus of 15 s, gaps up to 0.14 s): each
 * satellite has its own rate, with a short gap between two.
 */
export const starlink = (medianMbps: number): Capacity =>
  function* (random) {
    const wanders = wandering(500, random);
    for (let startMs = 0; ; startMs += HANDOVER_MS) {
      const plateau = medianMbps * Math.exp(0.15 * normal(random));
      const holeMs = Math.floor(random.between(50, 200));
      yield { fromMs: startMs, bps: startMs === 0 ? mbit(plateau) : 0 };
      for (
        let fromMs = startMs + holeMs;
        fromMs < startMs + HANDOVER_MS;
        fromMs += GRID_MS
      ) {
        const ripple = Math.exp(0.08 * (wanders.next().value ?? 0));
        yield { fromMs, bps: mbit(plateau * ripple) };
      }
    }
  };

/** The Starlink path: another length with each satellite, and 20 to 60 ms more during a change. */
export function* handovers(random: Random): Generator<Detour> {
  for (let fromMs = 0; ; fromMs += HANDOVER_MS) {
    if (fromMs > 0) yield { fromMs, ms: random.between(20, 60) };
    yield { fromMs: fromMs + 300, ms: random.between(0, 20) };
  }
}
