import { STATES } from "../../shared/state.js";
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
  add(atMs: number, figures: Omit<Figures, "atMs" | "heldMs">): void;
  /** How long states were held, by their code. */
  hold(atMs: number, heldMs: readonly number[]): void;
  /** What has come, in order. */
  figures(): readonly Figures[];
}

/** All of one series at one place of a chart. */
export interface Figures {
  readonly atMs: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** By state; of other series empty. */
  readonly heldMs: readonly number[];
}

/** Adds up by steps of equal length from an origin on; what comes from before it belongs to the first. */
export function openSteps(
  originMs: number,
  stepMs: number,
  steps: number,
): Sink {
  const figures = new Map<number, Sums>();

  function at(atMs: number): Sums {
    const exact = Math.floor((atMs - originMs) / stepMs);
    const place = exact > 0 ? Math.min(exact, steps - 1) : 0;
    const known = figures.get(place);
    if (known !== undefined) return known;
    const fresh = { ...EMPTY, heldMs: [] };
    figures.set(place, fresh);
    return fresh;
  }

  return {
    values(times, values, missed) {
      // most are of the step of the one before
      let [begin, end, own] = [0, 0, null as Sums | null];
      for (let i = 0; i < times.length; i++) {
        const value = values[i] ?? NaN;
        if (Number.isNaN(value)) continue;
        const atMs = times[i] ?? 0;
        if (own === null || atMs < begin || atMs >= end) {
          own = at(atMs);
          begin = originMs + Math.floor((atMs - originMs) / stepMs) * stepMs;
          end = begin + stepMs;
        }
        own.count++;
        own.sum += value;
        if (value < own.min) own.min = value;
        if (value > own.max) own.max = value;
        if (missed !== undefined)
          hold(own, value, heldByCycleMs(missed[i] ?? 0));
      }
    },
    add(atMs, more) {
      const own = at(atMs);
      own.count += more.count;
      own.sum += more.sum;
      own.min = Math.min(own.min, more.min);
      own.max = Math.max(own.max, more.max);
    },
    hold(atMs, heldMs) {
      const own = at(atMs);
      for (const [state, ms] of heldMs.entries()) hold(own, state, ms);
    },
    figures: () =>
      [...figures]
        .filter(([, { count }]) => count > 0)
        .sort(([a], [b]) => a - b)
        .map(([place, own]) => ({ atMs: originMs + place * stepMs, ...own })),
  };
}

interface Sums {
  count: number;
  sum: number;
  min: number;
  max: number;
  heldMs: number[];
}

const EMPTY = { count: 0, sum: 0, min: Infinity, max: -Infinity };

function hold({ heldMs }: Sums, state: number, ms: number): void {
  while (heldMs.length < STATES.length) heldMs.push(0);
  heldMs[state] = (heldMs[state] ?? 0) + ms;
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
