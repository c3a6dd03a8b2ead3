import type { Connection } from "./connection.js";
import {
  CYCLE_COLUMNS,
  FIELDS,
  slotOf,
  type CycleValues,
} from "./cycle-columns.js";

/** Cycles as a row of plain columns each: any number of them, and any numbers. */
export interface PlainCycles {
  insert(wan: number, cycle: CycleValues): void;
  within(wan: number, fromMs: number, toMs: number): CycleValues[];
  /** The slot of the first cycle that is of this slot or later. */
  slotFrom(wan: number, fromMs: number): number | null;
  oldestMs(wan: number): number | null;
  newestMs(wan: number, atMostMs: number): number | null;
  expire(wan: number, beforeMs: number, limit: number): number;
}

export function openPlainCycles(db: Connection): PlainCycles {
  const columns = CYCLE_COLUMNS.join(", ");
  const insert = db.prepare(
    `insert into cycle_plain (wan, at_ms, ${columns}) values (?, ?${", ?".repeat(CYCLE_COLUMNS.length)})`,
  );
  const select = FIELDS.map(
    (field, index) => `${CYCLE_COLUMNS[index] ?? ""} as ${field}`,
  );
  const within = db.prepare<[number, number, number], CycleValues>(
    `select at_ms as atMs, ${select.join(", ")} from cycle_plain where wan = ? and at_ms >= ? and at_ms < ?`,
  );
  const from = db
    .prepare<[number, number], number | null>(
      "select at_ms from cycle_plain where wan = ? and at_ms >= ? order by at_ms limit 1",
    )
    .pluck();
  const newest = db
    .prepare<[number, number], number | null>(
      "select at_ms from cycle_plain where wan = ? and at_ms <= ? order by at_ms desc limit 1",
    )
    .pluck();
  const expire = db.prepare(
    `delete from cycle_plain where (at_ms, wan, source, seq) in
       (select at_ms, wan, source, seq from cycle_plain where wan = ? and at_ms < ? order by at_ms limit ?)`,
  );
  return {
    insert(wan, cycle) {
      insert.run(wan, cycle.atMs, ...FIELDS.map((field) => cycle[field]));
    },
    within: (wan, fromMs, toMs) => within.all(wan, fromMs, toMs),
    slotFrom(wan, fromMs) {
      const atMs = from.get(wan, fromMs) ?? null;
      return atMs === null ? null : slotOf(atMs);
    },
    oldestMs: (wan) => from.get(wan, 0) ?? null,
    newestMs: (wan, atMostMs) => newest.get(wan, atMostMs) ?? null,
    expire: (wan, beforeMs, limit) => expire.run(wan, beforeMs, limit).changes,
  };
}
