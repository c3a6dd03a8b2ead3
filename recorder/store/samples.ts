import type { SampleValue } from "../tiers/rollup.js";
import type { Connection } from "./connection.js";

/** Sparse values are of any kind; rolled up they are counted in thousandths, for sums of integers are exact. */
export const SAMPLE_UNIT = 1e-3;

/** The sparse values that are kept. Intervals do not include their end. */
export interface Samples {
  between(wan: number, fromMs: number, toMs: number): SampleValue[];
  firstMs(wan: number, fromMs: number): number | null;
  expire(wan: number, beforeMs: number, limit: number): number;
}

export const inSampleUnits = (value: number): number =>
  Math.round(value / SAMPLE_UNIT) + 0;

export function openSamples(db: Connection): Samples {
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
