import {
  DIRECTIONS,
  eachDirection,
} from "../../../shared/contract/direction.js";
import { READINGS, STATES } from "../../../shared/contract/state.js";
import type { Bucket, Coverage, Rollup } from "../../tiers/rollup.js";
import {
  decodeFormerSketch,
  decodeSketch,
  encodeSketch,
} from "../../tiers/sketch.js";
import { type RolledTier, tierCode } from "../../tiers/tier.js";
import type { Connection } from "../connection.js";
import { openSeries } from "../samples.js";

/** Rolled-up buckets by tier, WAN and start. Each has a coverage row, even if it has no values. */
interface Buckets {
  /** The buckets that start in an interval, end excluded, oldest first. */
  between(
    tier: RolledTier,
    wan: number,
    fromMs: number,
    toMs: number,
  ): Bucket[];
  /** Replaces a bucket; null deletes it. */
  put(
    tier: RolledTier,
    wan: number,
    startMs: number,
    bucket: Bucket | null,
  ): void;
  firstMs(tier: RolledTier, wan: number, fromMs: number): number | null;
  /** Deletes whole buckets, oldest first, about `limit` rows. @returns the number of rows */
  expire(
    tier: RolledTier,
    wan: number,
    beforeMs: number,
    limit: number,
  ): number;
}

interface RollupRow {
  readonly series: number;
  readonly bucket: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
  readonly lastAfter: number;
  readonly sketch: Buffer | null;
  /** A sketch from before the column `sketch` existed. */
  readonly histogram: Buffer | null;
}

export function openBuckets(db: Connection): Buckets {
  const series = openSeries(db);
  const selectCoverage = db
    .prepare<[number, number, number, number], number[]>(
      `select bucket_ms, ${VALUES.join(", ")} from coverage where tier = ? and wan = ? and bucket_ms >= ? and bucket_ms < ?
         order by bucket_ms`,
    )
    .raw();
  const insertCoverage = db.prepare(
    `insert or replace into coverage (tier, wan, bucket_ms, ${VALUES.join(", ")})
       values (?, ?, ?${", ?".repeat(VALUES.length)})`,
  );
  const dropCoverage = db.prepare(
    "delete from coverage where tier = ? and wan = ? and bucket_ms = ?",
  );
  const first = db
    .prepare<[number, number, number], number | null>(
      "select min(bucket_ms) from coverage where tier = ? and wan = ? and bucket_ms >= ?",
    )
    .pluck();
  const select = db.prepare<[number, number, number, number], RollupRow>(
    `select series, bucket_ms as bucket, count, sum, min, max, last, last_after_ms as lastAfter, sketch, histogram
       from rollup r cross join series s on s.id = r.series
       where r.tier = ? and s.wan = ? and r.bucket_ms >= ? and r.bucket_ms < ?`,
  );
  const insert = db.prepare(
    `insert into rollup (tier, series, bucket_ms, count, sum, min, max, last, last_after_ms, sketch)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const drop = db.prepare(
    `delete from rollup where tier = ? and bucket_ms = ? and series in (select id from series where wan = ?)`,
  );

  function remove(code: number, wan: number, startMs: number): number {
    const rows = dropCoverage.run(code, wan, startMs).changes;
    return rows === 0 ? 0 : rows + drop.run(code, startMs, wan).changes;
  }

  return {
    between(tier, wan, fromMs, toMs) {
      const range = [tierCode(tier), wan, fromMs, toMs] as const;
      const byBucket = new Map<number, [number, Rollup][]>();
      for (const row of select.all(...range)) {
        const own = byBucket.get(row.bucket) ?? [];
        own.push([row.series, rollupFrom(row)]);
        byBucket.set(row.bucket, own);
      }
      return selectCoverage.all(...range).map((values) => {
        const [startMs = 0, ...counted] = values;
        return {
          coverage: coverageFrom(counted),
          rollups: new Map(byBucket.get(startMs)),
        };
      });
    },
    put(tier, wan, startMs, bucket) {
      const code = tierCode(tier);
      remove(code, wan, startMs);
      if (bucket === null) return;
      const { coverage, rollups } = bucket;
      insertCoverage.run(code, wan, startMs, ...valuesOf(coverage));
      for (const [id, { count, sum, min, max, last, ...rest }] of rollups) {
        const sketch = rest.sketch && encodeSketch(rest.sketch);
        const lastAfterMs = rest.lastMs - startMs;
        insert.run(
          code,
          id,
          startMs,
          count,
          sum,
          min,
          max,
          last,
          lastAfterMs,
          sketch,
        );
      }
    },
    firstMs: (tier, wan, fromMs) =>
      first.get(tierCode(tier), wan, fromMs) ?? null,
    expire(tier, wan, beforeMs, limit) {
      const code = tierCode(tier);
      const rowsEach = 1 + series.of(wan).length;
      let rows = 0;
      while (rows + rowsEach <= Math.max(limit, rowsEach)) {
        const oldestMs = first.get(code, wan, 0) ?? null;
        if (oldestMs === null || oldestMs >= beforeMs) break;
        rows += remove(code, wan, oldestMs);
      }
      return rows;
    },
  };
}

/** The columns of coverage, in the order of `valuesOf`. */
const VALUES: readonly string[] = [
  ...["cycles", "missed"],
  ...READINGS,
  ...DIRECTIONS.flatMap((direction) =>
    STATES.map((state) => `${state.toLowerCase()}_${direction}_ms`),
  ),
];

const valuesOf = ({ cycles, missed, readings, heldMs }: Coverage): number[] => [
  cycles,
  missed,
  ...readings,
  ...DIRECTIONS.flatMap((d) => heldMs[d]),
];

function coverageFrom(values: readonly number[]): Coverage {
  const [cycles = 0, missed = 0, ...rest] = values;
  const held = rest.slice(READINGS.length);
  return {
    cycles,
    missed,
    readings: rest.slice(0, READINGS.length),
    heldMs: eachDirection((d) => {
      const at = DIRECTIONS.indexOf(d) * STATES.length;
      return held.slice(at, at + STATES.length);
    }),
  };
}

function rollupFrom(row: RollupRow): Rollup {
  const { count, sum, min, max, last, bucket, lastAfter } = row;
  return {
    count,
    sum,
    min,
    max,
    last,
    lastMs: bucket + lastAfter,
    sketch: row.sketch
      ? decodeSketch(row.sketch)
      : row.histogram && decodeFormerSketch(row.histogram),
  };
}
