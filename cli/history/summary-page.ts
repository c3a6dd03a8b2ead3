import { showSpan } from "../../shared/contract/event.js";
import type { SummaryAnswer } from "../../shared/contract/history.js";
import { STATES } from "../../shared/contract/state.js";
import { ARROW } from "../side.js";
import { clip, showDelta, timeOfDay } from "../terminal.js";
import { dayOf, spanOf } from "./calendar.js";
import { completenessLines } from "./completeness-lines.js";
import { labelOf } from "./label.js";
import { compact, percent } from "./number.js";
import type { Paint } from "./paint.js";

export interface PageOptions {
  readonly columns: number;
  readonly paint: Paint;
}

type Series = SummaryAnswer["data"][number];

const LABEL = 22;
const CELL = 8;
/** SOFT_RED has eight letters. */
const STATE_CELL = 10;
const HEADS = ["count", "min", "avg", "max", "p50", "p95", "p99"];

/** A range of one WAN in a few numbers. */
export function summaryPage(
  { data, metadata }: SummaryAnswer,
  wan: string,
  { columns, paint }: PageOptions,
): readonly string[] {
  const line = (label: string, cells: readonly string[], width = CELL) =>
    clip(
      ` ${label.padEnd(LABEL)}${cells.map((cell) => cell.padStart(width)).join("")}`,
      columns,
    );
  const aside = (label: string, heads: readonly string[], width?: number) =>
    paint("aside", line(label, heads, width));
  const series = data.filter(
    (one) => one.wan === wan && one.metric !== "wanctl_state",
  );
  const states = metadata.states.filter((one) => one.wan === wan);
  const worst = metadata.worst.filter((one) => one.wan === wan);
  const isLong = dayOf(metadata.from) !== dayOf(metadata.to - 1);
  const when = (atMs: number) =>
    (isLong ? `${dayOf(atMs)} ` : "") + timeOfDay(atMs).slice(0, 5);
  return [
    paint(
      "title",
      clip(`${wan}  ${spanOf(metadata.from, metadata.to)}`, columns),
    ),
    ...(series.length === 0 ? [] : [aside("", HEADS)]),
    ...series.map((one) => line(`${labelOf(one)}${unit(one)}`, numbers(one))),
    ...(states.length === 0
      ? []
      : ["", aside("time in state", STATES, STATE_CELL)]),
    ...states.flatMap(({ direction, ms }) => {
      const spans = STATES.map((state) => ms[state]);
      const all = spans.reduce((sum, one) => sum + one, 0);
      return [
        line(
          `state ${ARROW[direction]}`,
          spans.map((one) => percent(all > 0 ? one / all : 0)),
          STATE_CELL,
        ),
        line("", spans.map(showSpan), STATE_CELL),
      ];
    }),
    ...(worst.length === 0 ? [] : ["", aside("worst minutes", ["avg", "max"])]),
    ...worst.map(({ at, deltaAvgMs, deltaMaxMs, minutes }) =>
      line(when(at), [
        showDelta(deltaAvgMs),
        showDelta(deltaMaxMs),
        minutes > 1 ? `  (of ${minutes} min)` : "",
      ]).trimEnd(),
    ),
    "",
    ...completenessLines(metadata, wan, columns, paint),
  ];
}

const unit = ({ unit }: Series): string => (unit === "code" ? "" : `, ${unit}`);

const numbers = ({ count, min, avg, max, p50, p95, p99 }: Series) => [
  compact(count, CELL - 1, 0),
  ...[min, avg, max, p50, p95, p99].map((value) =>
    value === null ? "—" : compact(value, CELL - 1, decimals(value)),
  ),
];

/** Three digits or more tell enough. */
const decimals = (value: number): number => (Math.abs(value) < 10 ? 2 : 1);
