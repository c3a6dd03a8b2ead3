import type { Connection } from "./connection.js";
import type { RowField } from "../../shared/row.js";
import type { Point } from "../tiers/rollup.js";
import {
  cycleOf,
  numbersOf,
  pointsOf,
  SCALE_COLUMNS,
  scalesFor,
  SLOT_MS,
  slotOf,
  type CycleValues,
} from "./cycle-columns.js";
import { pack, unpacker, type Scale } from "./packing.js";

/** 128 a second: a controller sends 20. A slot with more would take long to pack, each time that one is added. */
const SLOT_CYCLES_MAX = 512;

/** A cycle and whose it is. */
export interface CycleOf {
  readonly wan: number;
  readonly cycle: CycleValues;
}

type PackedRow = readonly [atMs: number, wan: number, codes: Buffer];

/**
 * Cycles in bits, packed anew with all others of their WAN and slot whenever one is added. Holds between transactions:
 * a slot has a scale if and only if it has cycles, and has all of them, for each knows its place among them.
 */
export interface PackedCycles {
  /** Adds cycles. Returns those that must be kept another way. */
  insert(cycles: readonly CycleOf[]): readonly CycleOf[];
  /** From an instant to before another, both within the slot. */
  within(
    wan: number,
    slot: number,
    fromMs: number,
    toMs: number,
  ): CycleValues[];
  /** One field of the cycles of slots from one to before another, in order: read many at once, and nothing else. */
  points(
    wan: number,
    field: RowField,
    fromSlot: number,
    toSlot: number,
  ): Point[];
  /** The first slot from this one on that has cycles. */
  slotFrom(wan: number, slot: number): number | null;
  oldestMs(wan: number): number | null;
  newestMs(wan: number): number | null;
  /** Deletes the slots of before an instant, oldest first, until that is `limit` cycles or more. Says how many. */
  expire(wan: number, beforeMs: number, limit: number): number;
}

export function openPackedCycles(db: Connection): PackedCycles {
  const holes = (count: number) => Array(count).fill("?").join(", ");
  const findScale = db
    .prepare<[number, number], Scale[]>(
      `select ${SCALE_COLUMNS.join(", ")} from cycle_scale where wan = ? and slot = ?`,
    )
    .raw();
  const putScale = db.prepare(
    `insert or replace into cycle_scale values (${holes(3 + SCALE_COLUMNS.length)})`,
  );
  const dropScale = db.prepare(
    "delete from cycle_scale where wan = ? and slot = ?",
  );
  const slotFrom = db
    .prepare<[number, number], number | null>(
      "select min(slot) from cycle_scale where wan = ? and slot >= ?",
    )
    .pluck();
  const slotBefore = db
    .prepare<[number], number | null>(
      "select max(slot) from cycle_scale where wan = ?",
    )
    .pluck();
  const findCodes = db
    .prepare<[number, number, number], [number, Buffer]>(
      `select at_ms, codes from cycle_packed
         where at_ms >= ? and at_ms < ? and wan = ? order by at_ms`,
    )
    .raw();
  const findTime = db
    .prepare<[number], number>("select 1 from cycle_packed where at_ms = ?")
    .pluck();
  const putCodes = db.prepare(
    `insert into cycle_packed values (?, ?, ?)
       on conflict (at_ms) do update set codes = excluded.codes`,
  );
  const drop = db.prepare(
    "delete from cycle_packed where at_ms >= ? and at_ms < ? and wan = ?",
  );
  // a row at a time would take three times as long to hand over as to find
  const pointStatement = (field: RowField) =>
    db
      .prepare<[number, number, number], [number, number, Buffer, ...Scale[]]>(
        `select s.slot, s.bytes, (select cast(group_concat(t.codes, '') as blob) from cycle_packed t
             where t.at_ms >= s.slot * ${SLOT_MS} and t.at_ms < (s.slot + 1) * ${SLOT_MS} and t.wan = s.wan),
           ${scalesFor(field).join(", ")}
           from cycle_scale s where s.wan = ? and s.slot >= ? and s.slot < ? order by s.slot`,
      )
      .raw();
  const pointStatements = new Map<
    RowField,
    ReturnType<typeof pointStatement>
  >();

  function within(wan: number, slot: number, fromMs: number, toMs: number) {
    const scales = findScale.get(wan, slot);
    if (scales === undefined) return [];
    const unpack = unpacker(scales);
    return findCodes
      .all(fromMs, toMs, wan)
      .map(([atMs, codes]) => cycleOf(atMs, unpack(codes)));
  }

  const slotBounds = (slot: number) =>
    [slot * SLOT_MS, (slot + 1) * SLOT_MS] as const;

  /** Packs cycles of a slot with those it has; null where they do not fit. */
  function packed(wan: number, slot: number, cycles: readonly CycleValues[]) {
    const all = [...within(wan, slot, ...slotBounds(slot)), ...cycles];
    if (all.length > SLOT_CYCLES_MAX) return null;
    all.sort((a, b) => a.atMs - b.atMs);
    const result = pack(all.map(numbersOf));
    if (result === null) return null;
    const { codes, scales } = result;
    putScale.run(wan, slot, codes[0]?.length, ...scales.map(bound));
    return all.map(({ atMs }, place): PackedRow => [
      atMs,
      wan,
      codes[place] ?? Buffer.of(),
    ]);
  }

  return {
    within,
    points(wan, field, fromSlot, toSlot) {
      let statement = pointStatements.get(field);
      statement ??= pointStatement(field);
      pointStatements.set(field, statement);
      return statement
        .all(wan, fromSlot, toSlot)
        .flatMap(([slot, bytes, codes, ...scales]) =>
          pointsOf(slot, scales, codes, bytes),
        );
    },
    slotFrom: (wan, slot) => slotFrom.get(wan, slot) ?? null,
    insert(cycles) {
      const others: CycleOf[] = [];
      const rows = new Map<number, PackedRow>();
      for (const group of groupsOf(cycles)) {
        const { wan, slot } = group;
        const fresh = new Map<number, CycleValues>();
        for (const cycle of group.cycles) {
          const { atMs } = cycle;
          const isTaken = [fresh, rows].some((known) => known.has(atMs));
          if (isTaken || findTime.get(atMs) !== undefined)
            others.push({ wan, cycle });
          else fresh.set(atMs, cycle);
        }
        if (fresh.size === 0) continue;
        const own = packed(wan, slot, [...fresh.values()]);
        if (own === null)
          for (const cycle of fresh.values()) others.push({ wan, cycle });
        else for (const row of own) rows.set(row[0], row);
      }
      // in order: SQLite fills its pages only where rows are added at the end
      for (const row of [...rows.values()].sort(([a], [b]) => a - b))
        putCodes.run(...row);
      return others;
    },
    oldestMs(wan) {
      const slot = slotFrom.get(wan, 0) ?? null;
      return slot === null
        ? null
        : (findCodes.get(...slotBounds(slot), wan)?.[0] ?? null);
    },
    newestMs(wan) {
      const slot = slotBefore.get(wan) ?? null;
      return slot === null
        ? null
        : (findCodes.all(...slotBounds(slot), wan).at(-1)?.[0] ?? null);
    },
    expire(wan, beforeMs, limit) {
      let gone = 0;
      while (gone < limit) {
        const slot = slotFrom.get(wan, 0) ?? null;
        if (slot === null || (slot + 1) * SLOT_MS > beforeMs) break;
        gone += drop.run(...slotBounds(slot), wan).changes;
        dropScale.run(wan, slot);
      }
      return gone;
    },
  };
}

/** better-sqlite3 makes a number a REAL where the column does not say otherwise. */
const bound = (scale: Scale): bigint | string | null =>
  typeof scale === "number" ? BigInt(scale) : scale;

/** By WAN and slot. */
function groupsOf(cycles: readonly CycleOf[]) {
  const groups = new Map<
    string,
    { wan: number; slot: number; cycles: CycleValues[] }
  >();
  for (const { wan, cycle } of cycles) {
    const slot = slotOf(cycle.atMs);
    const key = `${wan}/${slot}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { wan, slot, cycles: [cycle] });
    else group.cycles.push(cycle);
  }
  return groups.values();
}
