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

/** A series that is asked for, and where it is kept. */
export interface SeriesSelection {
  readonly name: SeriesName;
  readonly help: string;
  /** Of its buckets; null before the first is made. */
  readonly id: number | null;
  /** Of the cycle; null for sparse values. */
  readonly field: RowField | null;
  /** What is stored, divided by this, is the metric in its unit. */
  readonly divisor: number;
}

/** A WAN that has a history. */
export interface WanSeries {
  readonly id: number;
  readonly name: string;
  readonly kept: Kept;
  /** The first each tier has, Infinity where it has nothing. */
  readonly begins: PerTier<number>;
  /** The first and the last moment of all. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** @param toMs where what is asked for ends: what lies ahead of it, by a clock that was wrong, is left out */
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

/** The names of metrics and families. @throws QueryError */
export function demandMetrics(words: readonly string[]): readonly string[] {
  return words.flatMap((word) => {
    const names = metricsIn(word);
    if (names === null)
      throw new QueryError("metric", "must be a metric or a family", word);
    return names;
  });
}

/** What there is. */
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
