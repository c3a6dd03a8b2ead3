import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import {
  PERIOD_MS,
  type Row,
  type RowField,
} from "../../shared/contract/row.js";
import { READINGS, STATES } from "../../shared/contract/state.js";
import { clamp } from "../../shared/contract/units.js";
import { type Sketch, sketchOf, mergeSketches } from "./sketch.js";

/** A value and its time. */
export type RollupPoint = readonly [atMs: number, value: number];

/**
 * A mergeable summary: the mean is derived, never stored. All integers, so that an hour merged from its minutes, in any
 * order, is exactly the hour summed up at once.
 */
export interface Rollup {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** The newest value; the greater of two at one instant. */
  readonly last: number;
  readonly lastMs: number;
  /** For series with quantiles; else null. */
  readonly sketch: Sketch | null;
}

/** Values are clamped to this: 19 hours in µs, 68 Tbit/s in kbit/s. The sum over an hour of cycles stays below 2^53. */
export const VALUE_MAX = 2 ** 36;

/** Saturates; only a flood of the largest values in one bucket reaches the limit. */
const sumOf = (a: number, b: number): number =>
  clamp(a + b, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/** Sums up points in any order; null if there are none. */
export function rollupOf(
  points: readonly RollupPoint[],
  withSketch: boolean,
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
  const sketch = withSketch ? sketchOf(values) : null;
  return { count: values.length, sum, min, max, last, lastMs, sketch };
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
    sketch: a.sketch && b.sketch && mergeSketches(a.sketch, b.sketch),
  };
}

/** The cycles behind a bucket; additive. */
export interface Coverage {
  /** Cycles stored. */
  readonly cycles: number;
  /** Cycles that the controller dropped. */
  readonly missed: number;
  /** Cycles with each reading, by code. */
  readonly readings: readonly number[];
  /** Time in each state, ms, by code. */
  readonly heldMs: PerDirection<readonly number[]>;
}

/** A cycle also stands for the dropped cycles before it, up to this time, ms; beyond it the state is unknown. */
const HELD_MAX_MS = 1_000;

const STATE_OF = { download: "stateDownload", upload: "stateUpload" } as const;

/** How long a cycle stands for its state, given the cycles dropped before it, ms. */
export const heldByCycleMs = (missed: number): number =>
  Math.min(HELD_MAX_MS, (1 + missed) * PERIOD_MS);

export function coverageOf(cycles: readonly Row[]): Coverage {
  const readings = READINGS.map(() => 0);
  const heldMs = eachDirection(() => STATES.map(() => 0));
  let missed = 0;
  for (const row of cycles) {
    missed = sumOf(missed, row.missed);
    add(readings, row.reading, 1);
    const ms = heldByCycleMs(row.missed);
    for (const d of DIRECTIONS) add(heldMs[d], row[STATE_OF[d]], ms);
  }
  return { cycles: cycles.length, missed, readings, heldMs };
}

export const mergeCoverage = (a: Coverage, b: Coverage): Coverage => ({
  cycles: a.cycles + b.cycles,
  missed: sumOf(a.missed, b.missed),
  readings: sums(a.readings, b.readings),
  heldMs: eachDirection((d) => sums(a.heldMs[d], b.heldMs[d])),
});

/** The state held longest, the worse of two; null if none was. */
export function stateHeldLongest(heldMs: readonly number[]): number | null {
  const longest = Math.max(0, ...heldMs);
  return longest > 0 ? heldMs.lastIndexOf(longest) : null;
}

function add(list: number[], place: number, n: number): void {
  list[place] = (list[place] ?? 0) + n;
}

const sums = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((n, i) => n + (b[i] ?? 0));

/** The values of one cycle and its time. */
type CycleValues = Row & { readonly atMs: number };

/** One sparse value: an integer, see store/samples.ts. */
export interface SampleValue {
  readonly series: number;
  readonly atMs: number;
  readonly value: number;
}

/** A series that is a field of the cycle. */
export interface CycleSeries {
  readonly series: number;
  readonly field: RowField;
}

/** All data of one WAN in one interval of any tier. */
export interface Bucket {
  readonly coverage: Coverage;
  /** By series; series without a value are missing. */
  readonly rollups: ReadonlyMap<number, Rollup>;
}

/** Fields with percentiles. */
const WITH_HISTOGRAM: readonly RowField[] = [
  "rttUs",
  "loadRttUs",
  "baselineUs",
  "deltaUs",
];

/** Sums up raw data in any order; null if there is none. */
export function bucketOf(
  cycles: readonly CycleValues[],
  samples: readonly SampleValue[],
  series: readonly CycleSeries[],
): Bucket | null {
  if (cycles.length === 0 && samples.length === 0) return null;
  const rollups = new Map<number, Rollup>();
  const enter = (
    id: number,
    points: readonly RollupPoint[],
    delays: boolean,
  ) => {
    const rollup = rollupOf(points, delays);
    if (rollup !== null) rollups.set(id, rollup);
  };
  for (const { series: id, field } of series)
    enter(id, pointsOf(cycles, field), WITH_HISTOGRAM.includes(field));
  const sparse = new Map<number, RollupPoint[]>();
  for (const { series: id, atMs, value } of samples) {
    const points = sparse.get(id);
    if (points === undefined) sparse.set(id, [[atMs, value]]);
    else points.push([atMs, value]);
  }
  for (const [id, points] of sparse) enter(id, points, false);
  return { coverage: coverageOf(cycles), rollups };
}

function pointsOf(
  cycles: readonly CycleValues[],
  field: RowField,
): RollupPoint[] {
  const points: RollupPoint[] = [];
  for (const cycle of cycles) {
    const value = cycle[field];
    if (value !== null) points.push([cycle.atMs, value]);
  }
  return points;
}

/** Associative and commutative; null if there are none. */
export function mergeBuckets(buckets: readonly Bucket[]): Bucket | null {
  const [first, ...others] = buckets;
  if (first === undefined) return null;
  const rollups = new Map(first.rollups);
  let coverage = first.coverage;
  for (const other of others) {
    coverage = mergeCoverage(coverage, other.coverage);
    for (const [series, rollup] of other.rollups) {
      const known = rollups.get(series);
      rollups.set(series, known === undefined ? rollup : merge(known, rollup));
    }
  }
  return { coverage, rollups };
}
