import { MINUTE_MS } from "../../../shared/contract/units.js";
import { ROLLED_TIERS, type Tier, tierCode } from "../../tiers/tier.js";
import type { Connection } from "../connection.js";
import { SLOT_MS } from "../cycles/columns.js";
import { openProgress } from "./progress.js";

/** Rows further ahead of the clock, ms, were recorded while a clock was wrong; frames may be a minute ahead. */
export const AHEAD_MS = 5 * MINUTE_MS;

/** A WAN's rows in the future. */
interface AheadOf {
  readonly name: string;
  /** When they were first noticed, by this clock. */
  readonly sinceMs: number;
  /** The newest row; null if there are none left. */
  readonly newestMs: number | null;
  /** Raw data before this expired because the clock was ahead; null if none did. */
  readonly expiredMs: number | null;
  /** Not reported yet. */
  readonly isNews: boolean;
}

/**
 * Rows left in the future by a clock that was ahead. Their age counts from when they were first noticed; they expire
 * after their tier's retention.
 */
export interface Ahead {
  /** Resets progress marks in the future to the present, and records it. Call first in a batch's transaction. */
  bringBack(nowMs: number): void;
  /** A WAN's rows in the future; null if there are none. `isNews` only the first time. */
  ahead(wan: number, nowMs: number): AheadOf | null;
  /** Deletes rows of one tier, or events and gaps, after an instant; at most about `limit`. */
  expireAhead(
    wan: number,
    what: Tier | "events",
    afterMs: number,
    limit: number,
  ): number;
}

interface Row {
  readonly sinceMs: number;
  readonly expiredMs: number | null;
  readonly isTold: 0 | 1;
}

export function openAhead(db: Connection): Ahead {
  const progress = openProgress(db);
  const name = db
    .prepare<[number], string>("select name from wan where id = ?")
    .pluck();
  const find = db.prepare<[number], Row>(
    "select since_ms as sinceMs, expired_ms as expiredMs, told as isTold from ahead where wan = ?",
  );
  const put = db.prepare(
    `insert into ahead (wan, since_ms, expired_ms, told) values (@wan, @sinceMs, @expiredMs, @isTold)
       on conflict (wan) do update set since_ms = @sinceMs, told = @isTold,
         expired_ms = ifnull(max(expired_ms, @expiredMs), ifnull(expired_ms, @expiredMs))`,
  );
  const drop = db.prepare("delete from ahead where wan = ?");
  const newest = db
    .prepare<{ wan: number; afterMs: number }, number | null>(
      `select max(ms) from (
         select max(slot) * ${SLOT_MS} as ms from cycle_slot where wan = @wan and slot > @afterMs / ${SLOT_MS}
         union all select max(at_ms) from cycle_plain where at_ms > @afterMs and wan = @wan
         union all select max((select max(a.at_ms) from sample a where a.series = s.id and a.at_ms > @afterMs))
           from series s where s.wan = @wan
         ${ROLLED_TIERS.map(
           (tier) =>
             `union all select max(bucket_ms) from coverage where tier = ${tierCode(tier)} and wan = @wan and bucket_ms > @afterMs`,
         ).join(" ")}
         union all select max(at_ms) from event where at_ms > @afterMs and wan = @wan)`,
    )
    .pluck();

  const KEYS = {
    cycle_plain: ["at_ms, wan, source, seq", "at_ms > @afterMs and wan = @wan"],
    cycle_slot: ["id", `wan = @wan and slot > @afterMs / ${SLOT_MS}`],
    sample: [
      "series, at_ms, source, seq",
      "series in (select id from series where wan = @wan) and at_ms > @afterMs",
    ],
    coverage: [
      "tier, wan, bucket_ms",
      "tier = @tier and wan = @wan and bucket_ms > @afterMs",
    ],
    rollup: [
      "tier, bucket_ms, series",
      "tier = @tier and bucket_ms > @afterMs and series in (select id from series where wan = @wan)",
    ],
    dirty: [
      "tier, wan, bucket_ms",
      "tier = @tier and wan = @wan and bucket_ms > @afterMs",
    ],
    event: ["at_ms, source, seq", "at_ms > @afterMs and wan = @wan"],
    gap: [
      "source, from_seq",
      "from_ms > @afterMs and source in (select id from source where wan = @wan)",
    ],
  } as const;
  type Table = keyof typeof KEYS;
  const remove = Object.fromEntries(
    Object.entries(KEYS).map(([table, [key, where]]) => [
      table,
      db.prepare(
        `delete from ${table} where (${key}) in (select ${key} from ${table} where ${where} limit @limit)`,
      ),
    ]),
  ) as Readonly<Record<Table, ReturnType<typeof db.prepare>>>;
  const TABLES: Readonly<Record<"raw" | "rolled" | "events", Table[]>> = {
    raw: ["cycle_plain", "cycle_slot", "sample"],
    rolled: ["dirty", "rollup", "coverage"],
    events: ["event", "gap"],
  };
  /** Times are shared by all WANs: deleted with the last slot. */
  const removeTimes = db.prepare(
    `delete from cycle_time where at_ms > ? and not exists
       (select 1 from wan w join cycle_slot s on s.wan = w.id and s.slot > ? / ${SLOT_MS})`,
  );

  return {
    bringBack(nowMs) {
      for (const { wan, expiredMs } of progress.bringBack(nowMs))
        if (expiredMs !== null)
          put.run({ wan, sinceMs: nowMs, expiredMs, isTold: 0 });
    },
    ahead(wan, nowMs) {
      const afterMs = nowMs + AHEAD_MS;
      const newestMs = newest.get({ wan, afterMs }) ?? null;
      const row = find.get(wan);
      if (newestMs === null && row === undefined) return null;
      const isNews = row?.isTold !== 1;
      const sinceMs = Math.min(row?.sinceMs ?? nowMs, nowMs);
      const expiredMs = row?.expiredMs ?? null;
      if (newestMs === null) drop.run(wan);
      else if (isNews || sinceMs !== row.sinceMs)
        put.run({ wan, sinceMs, expiredMs, isTold: 1 });
      const told = { sinceMs, newestMs, expiredMs, isNews };
      return { name: name.get(wan) ?? "", ...told };
    },
    expireAhead(wan, what, afterMs, limit) {
      const isRolled = what !== "events" && what !== "raw";
      const tier = isRolled ? tierCode(what) : 0;
      let rows = 0;
      for (const table of TABLES[isRolled ? "rolled" : what])
        if (rows < limit)
          rows += remove[table].run({
            ...{ wan, tier, afterMs, limit: limit - rows },
          }).changes;
      if (what === "raw" && rows < limit) removeTimes.run(afterMs, afterMs);
      return rows;
    },
  };
}
