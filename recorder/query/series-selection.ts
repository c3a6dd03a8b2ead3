import type {
  SeriesAnswer,
  SeriesName,
} from "../../shared/contract/history.js";
import {
  type Metric,
  METRICS,
  metricsIn,
} from "../../shared/contract/metrics.js";
import type { RowField } from "../../shared/contract/row.js";
import type { Records } from "../store/records.js";
import { SAMPLE_UNIT } from "../store/samples.js";
import type { Kept } from "../tiers/section.js";
import { eachTier, type PerTier, TIERS } from "../tiers/tier.js";
import { QueryError, type Selection, type Span } from "./history.js";

/** A selected series, and where it is stored. */
export interface SeriesSelection {
  readonly name: SeriesName;
  readonly help: string;
  /** Series id in the buckets; null before the first bucket. */
  readonly id: number | null;
  /** Field of the cycle; null for sparse values. */
  readonly field: RowField | null;
  /** Stored value / divisor = value in the unit of the metric. */
  readonly divisor: number;
}

/** A WAN with a history. */
export interface WanSeries {
  readonly id: number;
  readonly name: string;
  readonly kept: Kept;
  /** Start of each tier; Infinity if it is empty. */
  readonly begins: PerTier<number>;
  /** Start and end of the history, over all tiers. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** @param toMs end of the requested span; later cycles (recorded while the clock was wrong) are ignored */
export function wansOf(
  records: Records,
  wans: Span["wans"],
  toMs?: number,
): WanSeries[] {
  return records.wans().flatMap(({ id, name }): WanSeries[] => {
    if (wans !== undefined && !wans.includes(name)) return [];
    const { fromMs, oldestMs, untilMs } = records.standing(id);
    const begins = eachTier((tier) =>
      Math.max(fromMs[tier], oldestMs[tier] ?? Infinity),
    );
    const first = Math.min(...TIERS.map((tier) => begins[tier]));
    if (first === Infinity) return [];
    const newest = records.cycles.newestMs(id, toMs) ?? 0;
    const endMs = Math.max(newest + 1, ...Object.values(untilMs));
    const kept = { fromMs, untilMs };
    return [{ id, name, kept, begins, fromMs: first, toMs: endMs }];
  });
}

/** The series of a WAN, in the order of the registry. */
export function selectSeries(
  records: Records,
  { id: wan, name }: WanSeries,
  metrics: Selection["metrics"],
): SeriesSelection[] {
  const names = metrics === undefined ? null : demandMetrics(metrics);
  const rows = records.series(wan);
  const wanted = (
    metric: Metric,
    labels: Metric["labels"],
    id: number | null,
  ) => ({
    name: { wan: name, metric: metric.name, labels, unit: metric.unit },
    help: metric.help,
    id,
    field: metric.from.kind === "cycle" ? metric.from.field : null,
    divisor: Math.round(
      1 / (metric.from.kind === "cycle" ? metric.from.factor : SAMPLE_UNIT),
    ),
  });
  return METRICS.flatMap((metric): SeriesSelection[] => {
    if (names !== null && !names.includes(metric.name)) return [];
    const own = rows.filter((row) => row.metric === metric.name);
    if (metric.from.kind !== "cycle")
      return own.map(({ id, labels }) => wanted(metric, labelsOf(labels), id));
    const text = JSON.stringify(metric.labels);
    const row = own.find(({ labels }) => (labels || "{}") === text);
    return [wanted(metric, metric.labels, row?.id ?? null)];
  });
}

const labelsOf = (text: string): Metric["labels"] =>
  text === "" ? {} : (JSON.parse(text) as Metric["labels"]);

/** Expands metric and family names to metric names. @throws QueryError */
export function demandMetrics(words: readonly string[]): readonly string[] {
  return words.flatMap((word) => {
    const names = metricsIn(word);
    if (names === null)
      throw new QueryError("metric", "must be a metric or a family", word);
    return names;
  });
}

/** All series, and the span of each tier. */
export function seriesAnswer(records: Records, nowMs: number): SeriesAnswer {
  const wans = wansOf(records, undefined);
  return {
    data: wans.flatMap((wan) =>
      selectSeries(records, wan, undefined).map(({ name, help }) => ({
        ...name,
        help,
      })),
    ),
    metadata: {
      now: nowMs,
      wans: wans.map(({ name, fromMs, toMs, begins, kept }) => ({
        wan: name,
        from: fromMs,
        to: toMs,
        tiers: TIERS.map((tier) => ({
          tier,
          from: begins[tier],
          to: tier === "raw" ? toMs : kept.untilMs[tier],
        })).filter(({ from, to }) => from < to),
      })),
    },
  };
}
