import {
  column,
  type Row,
  ROW_FIELDS,
  type RowField,
} from "../../../shared/contract/row.js";
import {
  addColumn,
  type CodesSql,
  isKnownSql,
  type Scale,
  type Value,
  valueSql,
} from "./packing.js";

/** One cycle and the run that published it. */
export type CycleValues = Row & {
  readonly atMs: number;
  /** The run. */
  readonly source: number;
  readonly seq: number;
};

/**
 * Slot length, ms: cycles of one WAN and slot are packed together. A longer slot shares its scales among more cycles,
 * but needs wider codes; up to this length the letter of a time takes at most two bytes.
 */
export const SLOT_MS = 2_000;

export const slotOf = (atMs: number): number => Math.floor(atMs / SLOT_MS);

/** The seq grows by one per cycle, ms: minus the cycles since the slot's start it is nearly constant in a slot. */
const BEAT_MS = 50;

/** The packed fields, in this order. */
export const FIELDS = ["source", "seq", ...ROW_FIELDS] as const;

type Field = (typeof FIELDS)[number];

/** Fields that a field follows: only its difference from their sum is packed. These follow no fields themselves. */
const MOVES_WITH: Partial<Record<Field, readonly (keyof Row)[]>> = {
  loadRttUs: ["baselineUs", "deltaUs"],
  enforcedDownloadKbps: ["wantedDownloadKbps"],
  enforcedUploadKbps: ["wantedUploadKbps"],
};

const companion = (field: Field, values: CycleValues): number =>
  field === "seq"
    ? Math.floor((values.atMs % SLOT_MS) / BEAT_MS)
    : (MOVES_WITH[field] ?? []).reduce(
        (sum, other) => sum + (values[other] ?? 0),
        0,
      );

/** The numbers to pack of a cycle. */
export const numbersOf = (values: CycleValues): Value[] =>
  FIELDS.map((field) => {
    const value = values[field];
    return value === null ? null : value - companion(field, values);
  });

/** The times of a slot's cycles, one letter each. */
export const lettersOf = (cycles: readonly CycleValues[]): string =>
  String.fromCharCode(...cycles.map(({ atMs }) => (atMs % SLOT_MS) + 1));

export const timeOf = (slot: number, letters: string, place: number): number =>
  slot * SLOT_MS + letters.charCodeAt(place) - 1;

/** Restores a cycle from packed numbers. */
export function cycleOf(atMs: number, numbers: readonly Value[]): CycleValues {
  const values: Record<string, Value> = { atMs };
  for (const [index, field] of FIELDS.entries())
    values[field] = numbers[index] ?? null;
  const cycle = values as CycleValues;
  const moving: readonly Field[] = [
    "seq",
    ...(Object.keys(MOVES_WITH) as Field[]),
  ];
  for (const field of moving) {
    const value = cycle[field];
    if (value !== null) values[field] = value + companion(field, cycle);
  }
  return cycle;
}

const nameOf = (field: Field): string =>
  field === "source" || field === "seq" ? field : column(field);

export const CYCLE_COLUMNS = FIELDS.map(nameOf);

/** The columns needed to read one field: its own, and those it follows. */
export const scalesFor = (field: RowField): string[] =>
  [field, ...(MOVES_WITH[field] ?? [])].map(nameOf);

/** The stored cycles of a slot. */
interface Slot {
  readonly bytes: number;
  readonly codes: Uint8Array;
}

/** Reads one field of a slot into a list of zeros; NaN for null. @param scales of the columns {@link scalesFor} */
export function readField(
  into: Float64Array,
  { bytes, codes }: Slot,
  scales: readonly Scale[],
): void {
  for (const [index, scale] of scales.entries())
    addColumn(into, scale, { codes, bytesEach: bytes }, index === 0 ? NaN : 0);
}

/** The position of a cycle in its slot, from 1; 0 if only another WAN has a cycle at that time. */
const PLACE_SQL = `instr(s.at, char(t.at_ms % ${SLOT_MS} + 1))`;

const CODES_SQL: CodesSql = {
  codes: "s.codes",
  begin: `(${PLACE_SQL} - 1) * s.bytes`,
  alphabet: "b.bytes",
};

const packedSql = (field: Field): string =>
  valueSql(`s.${nameOf(field)}`, CODES_SQL);

function fieldSql(field: Field): string {
  const others =
    field === "seq"
      ? [`t.at_ms % ${SLOT_MS} / ${BEAT_MS}`]
      : (MOVES_WITH[field] ?? []).map(
          (other) => `ifnull(${packedSql(other)}, 0)`,
        );
  return [packedSql(field), ...others].join(" + ");
}

/** The tables of cycles, for selects: alias `t` has the time, `w` the WAN; `sql` is a field's value. */
export const CYCLE_TABLES = [
  {
    from: `cycle_time t
      cross join wan w
      cross join cycle_slot s on s.wan = w.id and s.slot = t.at_ms / ${SLOT_MS}
      cross join alphabet b`,
    where: [`${PLACE_SQL} > 0`],
    sql: fieldSql,
    isKnown: (field: Field) => isKnownSql(`s.${nameOf(field)}`, CODES_SQL),
  },
  {
    from: "cycle_plain t cross join wan w on w.id = t.wan",
    where: [],
    sql: (field: Field) => `t.${nameOf(field)}`,
    isKnown: (field: Field) => `t.${nameOf(field)} is not null`,
  },
] as const;

export const whereSql = (conditions: readonly string[]): string =>
  conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;

/** All cycles with all their values. */
export const CYCLE_VIEW = `
    (at_ms, wan, wan_name, ${CYCLE_COLUMNS.join(", ")}) as
    ${CYCLE_TABLES.map(({ from, where, sql }) => `select t.at_ms, w.id, w.name,\n      ${FIELDS.map(sql).join(",\n      ")}\n      from ${from} ${whereSql(where)}`).join("\n    union all ")}`;
