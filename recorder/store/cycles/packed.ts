import type { RowField } from "../../../shared/contract/row.js";
import type { Connection } from "../connection.js";
import {
  CYCLE_COLUMNS,
  cycleOf,
  type CycleValues,
  lettersOf,
  numbersOf,
  readField,
  scalesFor,
  SLOT_MS,
  slotOf,
  timeOf,
} from "./columns.js";
import { pack, type Scale, unpacker } from "./packing.js";

/** Cycles packed per slot; more are stored unpacked, as packing takes too long. A controller sends 20 a second. */
const SLOT_CYCLES_MAX = 256;

/** Rows of cycle_time without a cycle of any WAN deleted at once. */
const TIMES_MAX = 10_000;

/** Prepared statements kept, one per set of fields. */
const READERS_MAX = 32;

/** A cycle and its WAN. */
interface CycleOf {
  readonly wan: number;
  readonly cycle: CycleValues;
}

/** A stored slot with the requested scales. */
type SlotRow = [
  slot: number,
  at: string,
  bytes: number,
  codes: Buffer,
  ...scales: Scale[],
];

/** Fields of some cycles, each a list with one entry per cycle; NaN for null. */
export interface Columns {
  /** Times of the cycles, in order. */
  readonly at: Float64Array;
  readonly values: readonly Float64Array[];
}

/** Packed cycles. A slot is packed again whenever cycles are added to it. */
interface PackedCycles {
  /** Adds cycles. @returns those that cannot be packed */
  insert(cycles: readonly CycleOf[]): readonly CycleOf[];
  /** The cycles of a slot, in order. */
  within(wan: number, slot: number): CycleValues[];
  /** Some fields of the cycles in a range of slots, end excluded, in order. */
  columns(
    wan: number,
    fields: readonly RowField[],
    fromSlot: number,
    toSlot: number,
  ): Columns;
  /** The number of cycles in a range of slots, end excluded. */
  count(wan: number, fromSlot: number, toSlot: number): number;
  /** The first slot with cycles from this one on. */
  slotFrom(wan: number, slot: number): number | null;
  oldestMs(wan: number): number | null;
  /** The newest cycle no later than `atMostMs`. */
  newestMs(wan: number, atMostMs: number): number | null;
  /** Deletes slots before `beforeMs`, oldest first, until `limit` cycles or more are deleted. @returns how many */
  expire(wan: number, beforeMs: number, limit: number): number;
}

export function openPackedCycles(db: Connection): PackedCycles {
  const select = (columns: readonly string[], where: string) =>
    db
      .prepare<number[], SlotRow>(
        `select ${["slot", "at", "bytes", "codes", ...columns].join(", ")} from cycle_slot where ${where}`,
      )
      .raw();
  const find = select(CYCLE_COLUMNS, "wan = ? and slot = ?");
  const IN_SLOTS = "wan = ? and slot >= ? and slot < ?";
  const readers = new Map<string, typeof find>();
  const count = db
    .prepare<[number, number, number], number | null>(
      `select sum(length(at)) from cycle_slot where ${IN_SLOTS}`,
    )
    .pluck();
  const put = db.prepare(
    `insert or replace into cycle_slot (wan, slot, at, bytes, codes, ${CYCLE_COLUMNS.join(", ")})
       values (?, ?, ?, ?, ?${", ?".repeat(CYCLE_COLUMNS.length)})`,
  );
  const putTime = db.prepare(
    "insert into cycle_time values (?) on conflict do nothing",
  );
  const drop = db.prepare("delete from cycle_slot where wan = ? and slot = ?");
  const dropTimes = db.prepare(
    `delete from cycle_time where at_ms in (
       select at_ms from cycle_time
         where at_ms < min(@beforeMs, ifnull(${SLOT_MS} * (
           select min((select min(slot) from cycle_slot s where s.wan = w.id)) from wan w), @beforeMs))
         order by at_ms limit ${TIMES_MAX})`,
  );
  const slotFrom = db
    .prepare<[number, number], number | null>(
      "select min(slot) from cycle_slot where wan = ? and slot >= ?",
    )
    .pluck();
  const slotBefore = db
    .prepare<[number, number], number | null>(
      "select max(slot) from cycle_slot where wan = ? and slot <= ?",
    )
    .pluck();

  /** A statement that reads only the scales these fields need. */
  function readerFor(fields: readonly RowField[]) {
    const names = [...new Set(fields.flatMap(scalesFor))];
    const key = names.join();
    const known = readers.get(key) ?? select(names, IN_SLOTS);
    if (readers.size >= READERS_MAX) readers.clear();
    readers.set(key, known);
    return [names, known] as const;
  }

  function within(wan: number, slot: number): CycleValues[] {
    const row = find.get(wan, slot);
    if (row === undefined) return [];
    const [, at, bytes, codes, ...scales] = row;
    const unpack = unpacker(scales);
    return Array.from(at, (_, place) =>
      cycleOf(timeOf(slot, at, place), unpack(codes, place * bytes)),
    );
  }

  /** Packs cycles together with those in the slot. @returns those that cannot be packed */
  function add(wan: number, slot: number, cycles: readonly CycleValues[]) {
    const all = within(wan, slot);
    const times = new Set(all.map(({ atMs }) => atMs));
    const others: CycleValues[] = [];
    for (const cycle of cycles) {
      if (times.has(cycle.atMs)) others.push(cycle);
      else all.push(cycle);
      times.add(cycle.atMs);
    }
    all.sort((a, b) => a.atMs - b.atMs);
    const packed =
      all.length <= SLOT_CYCLES_MAX ? pack(all.map(numbersOf)) : null;
    if (packed === null) return cycles;
    const { bytesEach, codes, scales } = packed;
    put.run(wan, slot, lettersOf(all), bytesEach, codes, ...scales.map(bound));
    return others;
  }

  function newestMs(wan: number, atMostMs: number): number | null {
    let slot = slotOf(atMostMs);
    for (;;) {
      const found = slotBefore.get(wan, slot) ?? null;
      if (found === null) return null;
      const own = within(wan, found).filter(({ atMs }) => atMs <= atMostMs);
      if (own.length > 0) return own.at(-1)?.atMs ?? null;
      slot = found - 1;
    }
  }

  return {
    within,
    columns(wan, fields, fromSlot, toSlot) {
      const [names, found] = readerFor(fields);
      const rows = found.all(wan, fromSlot, toSlot);
      const total = rows.reduce((sum, [, at]) => sum + at.length, 0);
      const times = new Float64Array(total);
      const columns = fields.map((field) => ({
        values: new Float64Array(total),
        places: scalesFor(field).map((name) => names.indexOf(name)),
      }));
      let begin = 0;
      for (const [slot, at, bytes, codes, ...scales] of rows) {
        for (let place = 0; place < at.length; place++)
          times[begin + place] = timeOf(slot, at, place);
        for (const { values, places } of columns) {
          const own = places.map((place) => scales[place] ?? null);
          readField(
            values.subarray(begin, begin + at.length),
            { bytes, codes },
            own,
          );
        }
        begin += at.length;
      }
      return { at: times, values: columns.map(({ values }) => values) };
    },
    count: (wan, fromSlot, toSlot) => count.get(wan, fromSlot, toSlot) ?? 0,
    slotFrom: (wan, slot) => slotFrom.get(wan, slot) ?? null,
    insert(cycles) {
      const others: CycleOf[] = [];
      for (const { wan, slot, cycles: own } of groupsOf(cycles))
        for (const cycle of add(wan, slot, own)) others.push({ wan, cycle });
      const times = cycles.map(({ cycle }) => cycle.atMs);
      for (const atMs of times.sort((a, b) => a - b)) putTime.run(atMs);
      return others;
    },
    oldestMs(wan) {
      const slot = slotFrom.get(wan, 0) ?? null;
      return slot === null ? null : (within(wan, slot)[0]?.atMs ?? null);
    },
    newestMs,
    expire(wan, beforeMs, limit) {
      let gone = 0;
      while (gone < limit) {
        const slot = slotFrom.get(wan, 0) ?? null;
        if (slot === null || (slot + 1) * SLOT_MS > beforeMs) break;
        gone += find.get(wan, slot)?.[1].length ?? 0;
        drop.run(wan, slot);
      }
      dropTimes.run({ beforeMs });
      return gone;
    },
  };
}

/** better-sqlite3 binds numbers as REAL, and these columns have no type. */
const bound = (scale: Scale): bigint | string | null =>
  typeof scale === "number" ? BigInt(scale) : scale;

/** By WAN and slot, oldest slot first: SQLite fills pages completely only if rows are appended. */
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
  return [...groups.values()].sort((a, b) => a.slot - b.slot);
}
