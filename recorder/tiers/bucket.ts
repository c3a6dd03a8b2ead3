import type { Row, RowField } from "../../shared/contract/row.js";
import { type Coverage, coverageOf, mergeCoverage } from "./coverage.js";
import { merge, type Point, type Rollup, rollupOf } from "./rollup.js";

/** The values of one cycle and when it was. */
export type CycleValues = Row & { readonly atMs: number };

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

/** All of one WAN in one interval, whatever the tier. */
export interface Bucket {
  readonly coverage: Coverage;
  /** By series; those without a value are missing. */
  readonly rollups: ReadonlyMap<number, Rollup>;
}

/** Delays, of which people ask for percentiles. */
const WITH_HISTOGRAM: readonly RowField[] = [
  "rttUs",
  "loadRttUs",
  "baselineUs",
  "deltaUs",
];

/** Sums up raw data, in any order; null where there is none. */
export function bucketOf(
  cycles: readonly CycleValues[],
  samples: readonly SampleValue[],
  series: readonly CycleSeries[],
): Bucket | null {
  if (cycles.length === 0 && samples.length === 0) return null;
  const rollups = new Map<number, Rollup>();
  const enter = (id: number, points: readonly Point[], delays: boolean) => {
    const rollup = rollupOf(points, delays);
    if (rollup !== null) rollups.set(id, rollup);
  };
  for (const { series: id, field } of series)
    enter(id, pointsOf(cycles, field), WITH_HISTOGRAM.includes(field));
  const sparse = new Map<number, Point[]>();
  for (const { series: id, atMs, value } of samples) {
    const points = sparse.get(id);
    if (points === undefined) sparse.set(id, [[atMs, value]]);
    else points.push([atMs, value]);
  }
  for (const [id, points] of sparse) enter(id, points, false);
  return { coverage: coverageOf(cycles), rollups };
}

function pointsOf(cycles: readonly CycleValues[], field: RowField): Point[] {
  const points: Point[] = [];
  for (const cycle of cycles) {
    const value = cycle[field];
    if (value !== null) points.push([cycle.atMs, value]);
  }
  return points;
}

/** Associative and commutative; null where there are none. */
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
