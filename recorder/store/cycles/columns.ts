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

/** One cycle as it was published, by the run that did. */
export type CycleValues = Row & {
  readonly atMs: number;
  /** The run. */
  readonly source: number;
  readonly seq: number;
};

/**
 * Cycles of one WAN and one slot are packed together. A longer slot shares its scales among more cycles, but has wider codes;
 * and of a time within this one the letter takes two bytes.
 */
export const SLOT_MS = 2_000;

export const slotOf = (atMs: number): number => Math.floor(atMs / SLOT_MS);

/** A cycle more is a seq more: what is left of a seq after that differs little within a slot. */
const BEAT_MS = 50;

/** What is packed, in this order. */
export const FIELDS = ["source", "seq", ...ROW_FIELDS] as const;

type Field = (typeof FIELDS)[number];

/** What a field moves with: only what it differs by from that is packed. None of these moves with anything itself. */
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

/** A cycle as numbers to pack. */
export const numbersOf = (values: CycleValues): Value[] =>
  FIELDS.map((field) => {
    const value = values[field];
    return value === null ? null : value - companion(field, values);
  });

/** When cycles of a slot were, a letter each. */
export const lettersOf = (cycles: readonly CycleValues[]): string =>
  String.fromCharCode(...cycles.map(({ atMs }) => (atMs % SLOT_MS) + 1));

export const timeOf = (slot: number, letters: string, place: number): number =>
  slot * SLOT_MS + letters.charCodeAt(place) - 1;

/** The cycle of these numbers. */
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

/** The columns whose scales it takes to read one field: its own, and of what it moves with. */
export const scalesFor = (field: RowField): string[] =>
  [field, ...(MOVES_WITH[field] ?? [])].map(nameOf);

/** All cycles of a slot as they are stored. */
interface Slot {
  readonly bytes: number;
  readonly codes: Uint8Array;
}

/** Puts one field of a slot into a list of zeros; NaN for null. @param scales of {@link scalesFor} */
export function readField(
  into: Float64Array,
  { bytes, codes }: Slot,
  scales: readonly Scale[],
): void {
  for (const [index, scale] of scales.entries())
    addColumn(into, scale, { codes, bytesEach: bytes }, index === 0 ? NaN : 0);
}

/** The place of a cycle in its slot, from 1; 0 for the time of a cycle of another WAN. */
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

/** Where cycles are kept, as sources of a select: `t` has the time, `w` the WAN, `sql` gives a field's value. */
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

/** Every cycle with all its values. */
export const CYCLE_VIEW = `
    (at_ms, wan, wan_name, ${CYCLE_COLUMNS.join(", ")}) as
    ${CYCLE_TABLES.map(({ from, where, sql }) => `select t.at_ms, w.id, w.name,\n      ${FIELDS.map(sql).join(",\n      ")}\n      from ${from} ${whereSql(where)}`).join("\n    union all ")}`;
