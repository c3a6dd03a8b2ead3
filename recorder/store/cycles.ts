import { column, ROW_FIELDS } from "../../shared/row.js";
import type { CycleValues } from "../tiers/bucket.js";
import type { Connection } from "./connection.js";

/** The cycles that are kept, by WAN and time, whatever the layout beneath. Intervals do not include their end. */
export interface Cycles {
  between(wan: number, fromMs: number, toMs: number): Iterable<CycleValues>;
  oldestMs(wan: number): number | null;
  newestMs(wan: number): number | null;
  /** Deletes the oldest of those before an instant, at most `limit`. @returns how many */
  expire(wan: number, beforeMs: number, limit: number): number;
}

export function openCycles(db: Connection): Cycles {
  const fields = ROW_FIELDS.map((name) => `${column(name)} as ${name}`);
  const select = db.prepare<[number, number, number], CycleValues>(
    `select at_ms as atMs, ${fields.join(", ")} from cycle
       where wan = ? and at_ms >= ? and at_ms < ? order by at_ms`,
  );
  const edge = (which: "min" | "max") =>
    db
      .prepare<[number], number | null>(
        `select ${which}(at_ms) from cycle where wan = ?`,
      )
      .pluck();
  const [oldest, newest] = [edge("min"), edge("max")];
  const remove = db.prepare(
    `delete from cycle where wan = @wan and (at_ms, source, seq) <= (
       select at_ms, source, seq from (
         select at_ms, source, seq from cycle where wan = @wan and at_ms < @beforeMs
           order by at_ms, source, seq limit @limit
       ) order by at_ms desc, source desc, seq desc limit 1)`,
  );
  return {
    between: (wan, fromMs, toMs) => select.iterate(wan, fromMs, toMs),
    oldestMs: (wan) => oldest.get(wan) ?? null,
    newestMs: (wan) => newest.get(wan) ?? null,
    expire: (wan, beforeMs, limit) =>
      remove.run({ wan, beforeMs, limit }).changes,
  };
}
