import { groupsBy } from "../../shared/contract/groups.js";
import type { RangeAnswer, SeriesName } from "../../shared/contract/history.js";
import { clip } from "../terminal.js";
import { type Column, columnsIn } from "./column.js";
import type { Paint } from "./paint.js";
import { timeColumn, turnOf } from "./time.js";

/** What one series was in one step. */
export interface Row extends SeriesName {
  /** Where the step begins; of a single cycle its own time. */
  readonly at: number;
  readonly count: number;
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  /** Of `wanctl_state` only: ms in each state. */
  readonly stateMs: readonly number[] | null;
}

/** An answer's values one by one: by time, and at the same time in the order of its series. */
export function rowsOf({ data }: RangeAnswer): readonly Row[] {
  const rows = data.flatMap(
    ({ wan, metric, labels, unit, at, count, min, avg, max, stateMs }) =>
      at.map((ms, i): Row => ({
        ...{ at: ms, wan, metric, labels, unit },
        count: count[i] ?? 0,
        min: min[i] ?? 0,
        avg: avg[i] ?? 0,
        max: max[i] ?? 0,
        stateMs: stateMs?.[i] ?? null,
      })),
  );
  return rows.sort((a, b) => a.at - b.at);
}

/** All that a WAN's series were at one time. */
export interface Moment {
  readonly at: number;
  readonly wan: string;
  /** null where nothing is known. */
  of(metric: string, direction?: string): Row | null;
}

/** Rows, which are in order of time, by the times they share. */
export const momentsOf = (rows: readonly Row[]): readonly Moment[] =>
  groupsBy(rows, ({ at, wan }) => `${at} ${wan}`).map((group) => ({
    at: group[0].at,
    wan: group[0].wan,
    of: (metric, direction) =>
      group.find(
        (row) => row.metric === metric && row.labels["direction"] === direction,
      ) ?? null,
  }));

export interface TableOptions {
  /** null: single cycles. */
  readonly stepMs: number | null;
  /** Exact names of the metrics shown. */
  readonly metrics: readonly string[];
  /** Where there are several each line names its own. */
  readonly wans: readonly string[];
  /** Of the terminal. */
  readonly columns: number;
  readonly paint: Paint;
}

/** A table, which goes on for as long as there is something to show. */
export interface Table {
  head(): readonly string[];
  /** A line for each moment; where the day or the clock changes, one that says so. */
  lines(moments: readonly Moment[]): readonly string[];
}

export function openTable({
  stepMs,
  metrics,
  wans,
  columns,
  paint,
}: TableOptions): Table {
  const time = timeColumn(stepMs);
  const nameWidth =
    wans.length > 1 ? 1 + Math.max(...wans.map(({ length }) => length)) : 0;
  const shown = columnsIn(
    columns - time.width - nameWidth - 1,
    metrics,
    stepMs === null,
  );
  let beforeMs: number | null = null;

  const line = (first: string, wan: string, cells: readonly string[]) => {
    const name = nameWidth > 0 ? ` ${wan}`.padEnd(nameWidth) : "";
    return ` ${first}${name}${cells.join("")}`.trimEnd();
  };
  const padded = ({ width, isText }: Column, text: string) =>
    isText
      ? `  ${clip(text, width - 2).padEnd(width - 2)}`
      : clip(text, width - 1).padStart(width);
  const cell = (column: Column, moment: Moment) => {
    const text = padded(column, column.show(moment));
    const tone = column.tone?.(moment) ?? null;
    return tone === null ? text : paint(tone, text);
  };

  return {
    head: () => {
      const heads = shown.map((column) => padded(column, column.head));
      const text = line("time".padEnd(time.width), "WAN", heads);
      return [paint("aside", clip(text, columns))];
    },
    lines: (moments) =>
      moments.flatMap((moment) => {
        const turn = beforeMs === null ? null : turnOf(beforeMs, moment.at);
        const isSaid = turn !== null && (!time.hasDay || turn.includes("UTC"));
        beforeMs = moment.at;
        const cells = shown.map((column) => cell(column, moment));
        const text = line(time.show(moment.at), moment.wan, cells);
        return isSaid ? [paint("aside", clip(turn, columns)), text] : [text];
      }),
  };
}
