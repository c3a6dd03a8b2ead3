import { STATES } from "../../shared/contract/state.js";
import { heldByCycleMs } from "../tiers/coverage.js";

/** Where the values of one series go, in the units they are stored in. */
export interface Sink {
  /** Single values, in order; NaN is none. @param missed beats before each cycle, where the values are states */
  values(
    at: ArrayLike<number>,
    values: ArrayLike<number>,
    missed: ArrayLike<number> | undefined,
  ): void;
  /** Many at once: of a bucket, or of all buckets of a step. */
  add(atMs: number, amount: Amount): void;
  /** How long states were held, by their code. */
  hold(atMs: number, heldMs: readonly number[]): void;
  /** What has come, in order. */
  figures(): readonly Figures[];
}

/** Values added up. */
export interface Amount {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** All of one series at one place of a chart. */
export interface Figures extends Amount {
  readonly atMs: number;
  /** By state; of other series empty. */
  readonly heldMs: readonly number[];
}

const NONE_HELD: readonly number[] = [];

/** Adds up by steps of equal length from an origin on; what comes from before it belongs to the first. */
export function openSteps(
  originMs: number,
  stepMs: number,
  steps: number,
): Sink {
  const counts = new Float64Array(steps);
  const sums = new Float64Array(steps);
  const least = new Float64Array(steps).fill(Infinity);
  const greatest = new Float64Array(steps).fill(-Infinity);
  /** Of states only: so many for each step. */
  let held: Float64Array | null = null;

  function placeOf(atMs: number): number {
    const exact = Math.floor((atMs - originMs) / stepMs);
    return exact > 0 ? Math.min(exact, steps - 1) : 0;
  }

  function add(place: number, { count, sum, min, max }: Amount): void {
    counts[place] = (counts[place] ?? 0) + count;
    sums[place] = (sums[place] ?? 0) + sum;
    least[place] = Math.min(least[place] ?? Infinity, min);
    greatest[place] = Math.max(greatest[place] ?? -Infinity, max);
  }

  function hold(place: number, state: number, ms: number): void {
    held ??= new Float64Array(steps * STATES.length);
    const own = place * STATES.length + state;
    held[own] = (held[own] ?? 0) + ms;
  }

  return {
    values(times, values, missed) {
      for (let i = 0; i < times.length;) {
        const first = times[i] ?? 0;
        const place = placeOf(first);
        const endMs = first + stepMs - ((first - originMs) % stepMs);
        let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
        for (; i < times.length && (times[i] ?? 0) < endMs; i++) {
          const value = values[i] ?? NaN;
          if (Number.isNaN(value)) continue;
          count++;
          sum += value;
          if (value < min) min = value;
          if (value > max) max = value;
          if (missed !== undefined)
            hold(place, value, heldByCycleMs(missed[i] ?? 0));
        }
        add(place, { count, sum, min, max });
      }
    },
    add: (atMs, amount) => add(placeOf(atMs), amount),
    hold(atMs, heldMs) {
      const place = placeOf(atMs);
      for (const [state, ms] of heldMs.entries()) hold(place, state, ms);
    },
    figures() {
      const found: Figures[] = [];
      for (let place = 0; place < steps; place++) {
        const count = counts[place] ?? 0;
        if (count === 0) continue;
        const begin = place * STATES.length;
        found.push({
          atMs: originMs + place * stepMs,
          count,
          sum: sums[place] ?? 0,
          min: least[place] ?? Infinity,
          max: greatest[place] ?? -Infinity,
          heldMs:
            held === null
              ? NONE_HELD
              : Array.from(held.subarray(begin, begin + STATES.length)),
        });
      }
      return found;
    },
  };
}

/** Keeps each value as it is. */
export function openSingles(): Sink {
  const all: Figures[] = [];
  return {
    values(at, values, missed) {
      for (let i = 0; i < at.length; i++) {
        const value = values[i] ?? NaN;
        if (Number.isNaN(value)) continue;
        const heldMs = missed === undefined ? [] : [0, 0, 0, 0];
        if (missed !== undefined) heldMs[value] = heldByCycleMs(missed[i] ?? 0);
        const alone = { count: 1, sum: value, min: value, max: value, heldMs };
        all.push({ atMs: at[i] ?? 0, ...alone });
      }
    },
    add(atMs, figures) {
      all.push({ atMs, ...figures, heldMs: [] });
    },
    hold(atMs, heldMs) {
      const place = all.findLastIndex((each) => each.atMs === atMs);
      const known = all[place];
      if (known !== undefined) all[place] = { ...known, heldMs };
    },
    figures: () => all,
  };
}
