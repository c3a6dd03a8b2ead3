import {
  column,
  ROW_FIELDS,
  type Row,
  type RowField,
} from "../../shared/row.js";
import type { Point } from "../tiers/rollup.js";
import {
  isKnownSql,
  reader,
  valueSql,
  type Scale,
  type Value,
} from "./packing.js";

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

/** When the cycle at a place of its slot would have been, had none been missed or late. */
const beatMs = (slot: number, place: number): number =>
  slot * SLOT_MS + place * BEAT_MS;

/** A cycle as numbers to pack: its time first, which those who read it alone need. @param place in its slot, from 0 */
export const numbersOf = (values: CycleValues, place: number): Value[] => [
  values.atMs - beatMs(slotOf(values.atMs), place),
  ...FIELDS.map((field) => {
    const value = values[field];
    return value === null ? null : value - companion(field, values);
  }),
];

/** The cycle of these numbers. */
export function cycleOf(atMs: number, numbers: readonly Value[]): CycleValues {
  const values: Record<string, Value> = { atMs };
  for (const [index, field] of FIELDS.entries())
    values[field] = numbers[1 + index] ?? null;
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

/** The columns whose scales it takes to read one field: the time's, its own, those of what it moves with. */
export const scalesFor = (field: RowField): string[] => [
  "at",
  nameOf(field),
  ...(MOVES_WITH[field] ?? []).map(nameOf),
];

/** One field of all cycles of a slot. @param scales of {@link scalesFor} @param codes of all, in order, without gaps */
export function pointsOf(
  slot: number,
  scales: readonly Scale[],
  codes: Uint8Array,
  bytesEach: number,
): Point[] {
  const [at, own, ...others] = scales.map(reader);
  if (at === undefined || own === undefined) return [];
  const points: Point[] = [];
  for (let begin = 0; begin < codes.length; begin += bytesEach) {
    let value = own(codes, begin);
    if (value === null) continue;
    for (const other of others) value += other(codes, begin) ?? 0;
    const place = begin / bytesEach;
    points.push([beatMs(slot, place) + (at(codes, begin) ?? 0), value]);
  }
  return points;
}

/** What has a scale. */
export const SCALE_COLUMNS = ["at", ...CYCLE_COLUMNS];

const packedSql = (field: Field): string =>
  valueSql(`s.${nameOf(field)}`, "t.codes", "a.bytes");

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
      cross join cycle_scale s on s.wan = t.wan and s.slot = t.at_ms / ${SLOT_MS}
      cross join alphabet a`,
    sql: fieldSql,
    isKnown: (field: Field) =>
      isKnownSql(`s.${nameOf(field)}`, "t.codes", "a.bytes"),
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
