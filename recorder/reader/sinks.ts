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
  const count = new Float64Array(steps);
  const sum = new Float64Array(steps);
  const min = new Float64Array(steps).fill(Infinity);
  const max = new Float64Array(steps).fill(-Infinity);
  const held = new Map<number, number[]>();
  const placeOf = (atMs: number): number => {
    const place = Math.floor((atMs - originMs) / stepMs);
    return place > 0 ? Math.min(place, steps - 1) : 0;
  };

  function hold(place: number, state: number, ms: number): void {
    const own = held.get(place) ?? [0, 0, 0, 0];
    own[state] = (own[state] ?? 0) + ms;
    held.set(place, own);
  }

  return {
    values(at, values, missed) {
      for (let i = 0; i < at.length; i++) {
        const value = values[i] ?? NaN;
        if (value !== value) continue;
        const place = placeOf(at[i] ?? 0);
        count[place]! += 1;
        sum[place]! += value;
        if (value < min[place]!) min[place] = value;
        if (value > max[place]!) max[place] = value;
        if (missed !== undefined)
          hold(place, value, heldByCycleMs(missed[i] ?? 0));
      }
    },
    add(atMs, more) {
      const place = placeOf(atMs);
      count[place]! += more.count;
      sum[place]! += more.sum;
      min[place] = Math.min(min[place]!, more.min);
      max[place] = Math.max(max[place]!, more.max);
    },
    hold(atMs, heldMs) {
      for (const [state, ms] of heldMs.entries())
        hold(placeOf(atMs), state, ms);
    },
    figures: () =>
      Array.from(count.keys())
        .filter((place) => count[place]! > 0)
        .map((place) => ({
          atMs: originMs + place * stepMs,
          count: count[place]!,
          sum: sum[place]!,
          min: min[place]!,
          max: max[place]!,
          heldMs: held.get(place) ?? [],
        })),
  };
}

/** Keeps each value as it is. */
export function openSingles(): Sink {
  const all: Figures[] = [];
  return {
    values(at, values, missed) {
      for (let i = 0; i < at.length; i++) {
        const value = values[i] ?? NaN;
        if (value !== value) continue;
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
