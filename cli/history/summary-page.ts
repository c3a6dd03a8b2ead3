import type {
  Completeness,
  SummaryAnswer,
} from "../../shared/contract/history.js";
import { STATES } from "../../shared/contract/state.js";
import { showPercent, showSpan } from "../../shared/contract/units.js";
import { ARROW } from "../live/frame-lines.js";
import { clip, printable, showDelta, timeOfDay, wrapTo } from "../terminal.js";
import { labelOf } from "./event-lines.js";
import { compact, type Paint } from "./paint.js";
import { dayOf, spanOf } from "./time.js";

/** Gaps listed at most; the others are counted. */
const GAPS_MAX = 3;

/** How complete a WAN's data is, and which tiers it was read from. */
export function completenessLines(
  { from, to, wans, gaps, gapsTotal, partial }: Completeness,
  wan: string,
  columns: number,
  paint: Paint,
): readonly string[] {
  const found = wans.find((one) => one.wan === wan);
  const isLong = dayOf(from) !== dayOf(to - 1);
  const time = (atMs: number) =>
    (isLong ? `${dayOf(atMs)} ` : "") + timeOfDay(atMs).slice(0, 8);
  const made =
    found === undefined || found.sections.length === 0
      ? "nothing recorded"
      : `${showPercent(found.recorded)} of this time range is recorded${found.since === null ? "" : `, since ${dayOf(found.since)} ${timeOfDay(found.since).slice(0, 8)}`}; from tier ${tiersOf(found.sections, time)}`;
  const own = gaps.filter((gap) => gap.wan === wan);
  const more = gapsTotal > gaps.length ? " or more" : "";
  const lost = own
    .slice(0, GAPS_MAX)
    .map(
      ({ from: first, to: last, frames, cause }) =>
        `gap ${time(first)} to ${time(last)}: ${frames ?? "an unknown number of"} frames lost (${cause})`,
    );
  const lines = [
    made,
    ...(partial
      ? ["partial: part of this time range is not in the history"]
      : []),
    ...lost,
    ...(own.length > GAPS_MAX
      ? [`${own.length - GAPS_MAX}${more} further gaps`]
      : []),
  ];
  return lines
    .flatMap((line) => wrapTo(columns, " ", printable(line)))
    .map((line) => paint("aside", clip(line, columns)));
}

type Sections = Completeness["wans"][number]["sections"];

/** "raw"; "1m until 13:58:30, then raw"; "1h until 12:00:00, nothing until 13:00:00, then raw". */
function tiersOf(sections: Sections, time: (atMs: number) => string): string {
  return sections
    .map(({ tier, from, to }, i) => {
      const before = sections[i - 1];
      const hole =
        before !== undefined && before.to < from
          ? `nothing until ${time(from)}, `
          : "";
      const isLast = i === sections.length - 1;
      return `${hole}${isLast ? `${i > 0 ? "then " : ""}${tier}` : `${tier} until ${time(to)}`}`;
    })
    .join(", ");
}

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

/** The summary of one WAN's range. */
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
          spans.map((one) => showPercent(all > 0 ? one / all : 0)),
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
        minutes > 1 ? `  (over ${minutes} min)` : "",
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

/** Decimals for at least three significant digits. */
const decimals = (value: number): number => (Math.abs(value) < 10 ? 2 : 1);
