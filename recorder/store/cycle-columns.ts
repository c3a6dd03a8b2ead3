import { column, ROW_FIELDS, type Row } from "../../shared/row.js";
import { isKnownSql, valueSql, WORDS, type Value } from "./packing.js";

/** One cycle as it was published, by the run that did. */
export type CycleValues = Row & {
  readonly atMs: number;
  /** The run. */
  readonly source: number;
  readonly seq: number;
};

/** Cycles of one WAN and one slot are packed together. Longer slots are packed closer, and are written more often. */
export const SLOT_MS = 4_000;

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

export const WORD_COLUMNS = Array.from(
  { length: WORDS },
  (_, index) => `word_${index}`,
);

const scaleAndWords = (field: Field) =>
  [`s.${nameOf(field)}`, WORD_COLUMNS.map((word) => `t.${word}`)] as const;

const packedSql = (field: Field): string => valueSql(...scaleAndWords(field));

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
    from: `cycle_packed t
      cross join wan w on w.id = t.wan
      cross join cycle_scale s on s.wan = t.wan and s.slot = t.at_ms / ${SLOT_MS}`,
    sql: fieldSql,
    isKnown: (field: Field) => isKnownSql(...scaleAndWords(field)),
  },
  {
    from: "wan w cross join cycle_plain t on t.wan = w.id",
    sql: (field: Field) => `t.${nameOf(field)}`,
    isKnown: (field: Field) => `t.${nameOf(field)} is not null`,
  },
] as const;

/** Every cycle with all its values. */
export const CYCLE_VIEW = `
    (at_ms, wan, wan_name, ${CYCLE_COLUMNS.join(", ")}) as
    ${CYCLE_TABLES.map(({ from, sql }) => `select t.at_ms, t.wan, w.name,\n      ${FIELDS.map(sql).join(",\n      ")}\n      from ${from}`).join("\n    union all ")}`;
