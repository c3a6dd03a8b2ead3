import { labelText, METRICS } from "../../shared/contract/metrics.js";
import type { CycleSeries, SampleValue } from "../tiers/rollup.js";
import type { Connection } from "./connection.js";

/** Series: one per WAN, metric and labels. */
export interface Series {
  /** The series of a metric, created if necessary. Not cached: the transaction may be rolled back. */
  idOf(wan: number, metric: string, labels: Labels): number;
  /** The series that are fields of the cycle. */
  ofCycle(wan: number): CycleSeries[];
  /** All series. */
  of(wan: number): number[];
  /** Whether a sample's series exists or may be created. */
  admits(wanName: string, metric: string, labels: Labels): boolean;
}

/** Series per WAN, ten times a controller's; samples of more are refused. Each is a row in every bucket. */
export const SERIES_MAX = 500;

type Labels = Readonly<Record<string, string>>;

export function openSeries(db: Connection): Series {
  const add = db.prepare(
    "insert into series (wan, metric, labels) values (?, ?, ?) on conflict (wan, metric, labels) do nothing",
  );
  const find = db
    .prepare<[number, string, string], number>(
      "select id from series where wan = ? and metric = ? and labels = ?",
    )
    .pluck();
  const all = db
    .prepare<[number], number>(
      "select id from series where wan = ? order by id",
    )
    .pluck();

  function idOf(wan: number, metric: string, labels: Labels): number {
    const key = [wan, metric, labelText(labels) ?? ""] as const;
    const known = find.get(...key);
    if (known !== undefined) return known;
    return Number(add.run(...key).lastInsertRowid);
  }

  const room = db
    .prepare<[string, string, string], number>(
      `select count(*) < ${SERIES_MAX} or total(metric = ? and labels = ?) > 0
         from series where wan = (select id from wan where name = ?)`,
    )
    .pluck();

  return {
    idOf,
    admits: (name, metric, labels) =>
      room.get(metric, labelText(labels) ?? "", name) === 1,
    ofCycle: (wan) =>
      METRICS.flatMap(({ name, labels, from }) =>
        from.kind === "cycle"
          ? [{ series: idOf(wan, name, labels), field: from.field }]
          : [],
      ),
    of: (wan) => all.all(wan),
  };
}

/** Unit of samples in roll-ups: thousandths, as sums of integers are exact. */
export const SAMPLE_UNIT = 1e-3;

/** The stored samples. Intervals exclude their end. */
export interface Samples {
  between(wan: number, fromMs: number, toMs: number): SampleValue[];
  firstMs(wan: number, fromMs: number): number | null;
  expire(wan: number, beforeMs: number, limit: number): number;
}

export const inSampleUnits = (value: number): number =>
  Math.round(value / SAMPLE_UNIT) + 0;

export function openSampleStore(db: Connection): Samples {
  const select = db.prepare<[number, number, number], SampleValue>(
    `select a.series, a.at_ms as atMs, a.value from series s cross join sample a on a.series = s.id
       where s.wan = ? and a.at_ms >= ? and a.at_ms < ?`,
  );
  const first = db
    .prepare<{ wan: number; fromMs: number }, number | null>(
      `select min((select min(a.at_ms) from sample a where a.series = s.id and a.at_ms >= @fromMs))
         from series s where s.wan = @wan`,
    )
    .pluck();
  const remove = db.prepare(
    `delete from sample where (series, at_ms, source, seq) in (
       select a.series, a.at_ms, a.source, a.seq from series s cross join sample a on a.series = s.id
         where s.wan = ? and a.at_ms < ? limit ?)`,
  );
  return {
    between: (wan, fromMs, toMs) =>
      select
        .all(wan, fromMs, toMs)
        .map((sample) => ({ ...sample, value: inSampleUnits(sample.value) })),
    firstMs: (wan, fromMs) => first.get({ wan, fromMs }) ?? null,
    expire: (wan, beforeMs, limit) => remove.run(wan, beforeMs, limit).changes,
  };
}
