import { clamp } from "../../shared/contract/units.js";
import { type Histogram, histogramOf, mergeHistograms } from "./histogram.js";

/** One value and when it was. */
export type Point = readonly [atMs: number, value: number];

/**
 * A summary that can be summarised again: the mean is derived, never stored. All integers, so that an hour merged from its
 * minutes is the hour summed up at once, to the last bit, in whatever order.
 */
export interface Rollup {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** The newest value; of two at one instant the greater. */
  readonly last: number;
  readonly lastMs: number;
  /** Where quantiles are asked for. */
  readonly histogram: Histogram | null;
}

/** 19 hours in µs, 68 Tbit/s in kbit/s. An hour of cycles, each with this value, has a sum below 2^53. */
export const VALUE_MAX = 2 ** 36;

/** A sum goes no further: only somebody who floods one bucket with the largest values comes there. */
export const sumOf = (a: number, b: number): number =>
  clamp(a + b, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/** Sums up points in any order; null where there are none. */
export function rollupOf(
  points: readonly Point[],
  withHistogram: boolean,
): Rollup | null {
  if (points.length === 0) return null;
  let [sum, min, max] = [0, Infinity, -Infinity];
  let [lastMs, last] = [-Infinity, -Infinity];
  const values: number[] = [];
  for (const [atMs, any] of points) {
    const value = clamp(any, -VALUE_MAX, VALUE_MAX);
    values.push(value);
    sum = sumOf(sum, value);
    if (value < min) min = value;
    if (value > max) max = value;
    if (atMs < lastMs || (atMs === lastMs && value <= last)) continue;
    lastMs = atMs;
    last = value;
  }
  const histogram = withHistogram ? histogramOf(values) : null;
  return { count: values.length, sum, min, max, last, lastMs, histogram };
}

/** Associative and commutative. */
export function merge(a: Rollup, b: Rollup): Rollup {
  const newer =
    a.lastMs > b.lastMs || (a.lastMs === b.lastMs && a.last >= b.last) ? a : b;
  return {
    count: a.count + b.count,
    sum: sumOf(a.sum, b.sum),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    last: newer.last,
    lastMs: newer.lastMs,
    histogram:
      a.histogram && b.histogram && mergeHistograms(a.histogram, b.histogram),
  };
}
