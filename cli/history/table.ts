import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { groupsBy } from "../../shared/contract/groups.js";
import type { RangeAnswer, SeriesName } from "../../shared/contract/history.js";
import { METRICS } from "../../shared/contract/metrics.js";
import { type State, STATES } from "../../shared/contract/state.js";
import { ARROW } from "../live/frame-lines.js";
import { clip, showDelta } from "../terminal.js";
import { labelOf } from "./event-lines.js";
import { compact, compactMbps, type Paint, stateOf } from "./paint.js";
import { timeColumn, turnOf } from "./time.js";

/** The worst state of a step: its code, and its share of the known time. */
interface Worst {
  readonly code: number;
  readonly ratio: number;
}

export function worstState(row: TableRow | null): Worst | null {
  if (row === null) return null;
  const { stateMs } = row;
  const knownMs = stateMs?.reduce((sum, ms) => sum + ms, 0) ?? 0;
  if (stateMs === null || knownMs <= 0) return { code: row.max, ratio: 1 };
  const code = stateMs.findLastIndex((ms) => ms > 0);
  return { code, ratio: (stateMs[code] ?? 0) / knownMs };
}

/** "GREEN", "YELLOW 3%": with its share unless that is all of the time. */
function showWorst(worst: Worst | null): string {
  if (worst === null) return "—";
  const name = STATES[worst.code] ?? "—";
  const percent = Math.round(100 * worst.ratio);
  if (worst.ratio === 1) return name;
  return `${name} ${percent < 1 ? "<1" : Math.min(99, percent)}%`;
}

const ofState = (moment: Moment, direction: Direction) =>
  worstState(moment.of("wanctl_state", direction));

const stateIn = (direction: Direction) => (moment: Moment) =>
  ofState(moment, direction);

/** The worse of both directions; if equal, the one with the larger share. */
function worseState(
  moment: Moment,
): (Worst & { readonly direction: Direction }) | null {
  const [first, second] = DIRECTIONS.flatMap((direction) => {
    const worst = ofState(moment, direction);
    return worst === null ? [] : [{ ...worst, direction }];
  }).sort((a, b) => b.code - a.code || b.ratio - a.ratio);
  return first ?? second ?? null;
}

/** "↓YELLOW 3%"; "GREEN" if both are. */
function showWorse(moment: Moment): string {
  const worse = worseState(moment);
  if (worse === null || worse.code === 0) return showWorst(worse);
  return ARROW[worse.direction] + showWorst(worse);
}

/** One column of the table. */
interface Column {
  readonly head: string;
  /** Including the space before it. */
  readonly width: number;
  readonly metric: string;
  /** If not all columns fit, the highest rank is dropped first. */
  readonly rank: number;
  readonly isText?: true;
  show(moment: Moment): string;
  /** The state that determines its colour; null for none. */
  tone?(moment: Moment): State | null;
}

type Value = "min" | "avg" | "max";

const number = (
  head: string,
  metric: string,
  rank: number,
  show: (value: number) => string,
  value: Value = "avg",
  direction?: Direction,
): Column => ({
  ...{ head, metric, rank },
  width: Math.max(7, head.length + 1),
  show: (moment) => shown(moment.of(metric, direction), value, show),
});

const shown = (
  row: TableRow | null,
  value: Value,
  show: (n: number) => string,
) => (row === null ? "—" : show(row[value]));

const narrow = (column: Column): Column => ({ ...column, width: 6 });

const ms = (value: number) => compact(value, 6);
const delta = (value: number) =>
  Math.abs(value) < 1e5 ? showDelta(value) : compact(value, 6);

const STATE = "wanctl_state";

const tone = (worst: Worst | null) =>
  worst === null ? null : stateOf(worst.code);

const oneState: Column = {
  head: "state",
  width: 15,
  metric: STATE,
  rank: 1,
  isText: true,
  show: showWorse,
  tone: (moment) => tone(worseState(moment)),
};

const twoStates = DIRECTIONS.map((direction): Column => {
  const worst = stateIn(direction);
  return {
    ...oneState,
    head: `state ${ARROW[direction]}`,
    show: (moment) => showWorst(worst(moment)),
    tone: (moment) => tone(worst(moment)),
  };
});

/** Not shown for single cycles, where it equals the delta. */
const WORST = number("worst", "wanctl_rtt_delta_ms", 0, delta, "max");

const NUMBERS: readonly Column[] = [
  number("RTT", "wanctl_rtt_ms", 2, ms),
  number("base", "wanctl_rtt_baseline_ms", 4, ms),
  number("delta", "wanctl_rtt_delta_ms", 0, delta),
  WORST,
  ...DIRECTIONS.flatMap((d) => [
    narrow(number(`${ARROW[d]}rate`, `wanctl_rate_${d}_mbps`, 3, compactMbps)),
    narrow(number(`${ARROW[d]}load`, `wanctl_load_${d}_mbps`, 5, compactMbps)),
  ]),
];

/** The default metrics. */
export const TABLE_METRICS: readonly string[] = [
  ...new Set([...NUMBERS, oneState].map(({ metric }) => metric)),
];

/** Mean and maximum of a metric without a column of its own. */
function further(metric: string): readonly Column[] {
  return METRICS.filter(({ name }) => name === metric).flatMap((series) => {
    const { direction } = series.labels as { direction?: Direction };
    const column = (head: string, value: Value) =>
      number(head, metric, 6, ms, value, direction);
    const label = labelOf({ ...series, metric });
    return [column(label, "avg"), column("max", "max")];
  });
}

/** The columns of some metrics that fit into the width; the least important are left out. */
function columnsIn(
  room: number,
  metrics: readonly string[],
  isOfCycles: boolean,
): readonly Column[] {
  const wanted = (columns: readonly Column[]) =>
    columns.filter(
      (column) =>
        metrics.includes(column.metric) && !(isOfCycles && column === WORST),
    );
  const others = metrics
    .filter((metric) => !TABLE_METRICS.includes(metric))
    .flatMap(further);
  const whole = [...wanted([...NUMBERS, ...twoStates]), ...others];
  if (widthOf(whole) <= room) return whole;
  let fitting = [...wanted([...NUMBERS, oneState]), ...others];
  while (widthOf(fitting) > room && fitting.length > 1) {
    const last = Math.max(...fitting.map(({ rank }) => rank));
    const sheds = fitting.findLastIndex(({ rank }) => rank === last);
    fitting = fitting.filter(
      // both directions of a rate or load go together
      ({ rank }, i) => i !== sheds && !(rank === last && [3, 5].includes(rank)),
    );
  }
  return fitting.map((column) => within(column, room));
}

/** A column whose name alone is wider than a narrow terminal. */
const within = (column: Column, room: number): Column =>
  column.width <= room
    ? column
    : { ...column, head: clip(column.head, room - 1), width: room };

const widthOf = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width }) => sum + width, 0);

/** The values of one series in one step. */
export interface TableRow extends SeriesName {
  /** Start of the step; for a single cycle its own time. */
  readonly at: number;
  readonly count: number;
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  /** Only for `wanctl_state`: ms in each state. */
  readonly stateMs: readonly number[] | null;
}

/** An answer's values as rows, ordered by time, then by series. */
export function rowsOf({ data }: RangeAnswer): readonly TableRow[] {
  const rows = data.flatMap(
    ({ wan, metric, labels, unit, at, count, min, avg, max, stateMs }) =>
      at.map((ms, i): TableRow => ({
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

/** The values of a WAN's series at one time. */
interface Moment {
  readonly at: number;
  readonly wan: string;
  /** Null if unknown. */
  of(metric: string, direction?: string): TableRow | null;
}

/** Groups rows, which are in order of time, by time and WAN. */
export const momentsOf = (rows: readonly TableRow[]): readonly Moment[] =>
  groupsBy(rows, ({ at, wan }) => `${at} ${wan}`).map((group) => ({
    at: group[0].at,
    wan: group[0].wan,
    of: (metric, direction) =>
      group.find(
        (row) => row.metric === metric && row.labels["direction"] === direction,
      ) ?? null,
  }));

interface TableOptions {
  /** null: single cycles. */
  readonly stepMs: number | null;
  /** Exact names of the metrics shown. */
  readonly metrics: readonly string[];
  /** If there are several, each line names its WAN. */
  readonly wans: readonly string[];
  /** Width of the terminal. */
  readonly columns: number;
  readonly paint: Paint;
}

/** A table, printed in any number of batches. */
export interface Table {
  head(): readonly string[];
  /** A line per moment, and a note where the day or the UTC offset changes. */
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
