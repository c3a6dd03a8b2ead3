import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import type { RangeAnswer } from "../../shared/contract/history.js";
import { PERIOD_MS } from "../../shared/contract/row.js";
import { ARROW } from "../live/frame-lines.js";
import { clip, timeOfDay } from "../terminal.js";
import { type Band, bandsIn, chart, strip, timeAxis } from "./chart.js";
import { compact, compactMbps, stateOf } from "./paint.js";
import { completenessLines, type PageOptions } from "./summary-page.js";
import { type TableRow, rowsOf, worstState } from "./table.js";
import { dayAndTime, dayOf, spanOf } from "./time.js";

const RTT_ROWS = 8;
const RATE_ROWS = 5;

/** The mark of each state in the strip. */
const MARKS = ["▁", "▃", "▅", "█"] as const;

export const PLOT_METRICS: readonly string[] = [
  "wanctl_rtt_ms",
  "wanctl_rtt_baseline_ms",
  ...DIRECTIONS.flatMap((d) => [
    `wanctl_rate_${d}_mbps`,
    `wanctl_load_${d}_mbps`,
  ]),
  "wanctl_state",
];

/** One WAN's range as charts of its metrics: RTT over its baseline, rate over load, and the states below them. */
export function plotPage(
  answer: RangeAnswer,
  wan: string,
  metrics: readonly string[],
  { columns, paint }: PageOptions,
): readonly string[] {
  const { from, to, stepMs } = answer.metadata;
  const time = axisOf(from, to, stepMs ?? PERIOD_MS, bandsIn(columns));
  const rows = rowsOf(answer).filter((row) => row.wan === wan);
  const has = (metric: string) => metrics.includes(metric);
  const of = (metric: string) => rows.filter((row) => row.metric === metric);

  const line = (metric: string) => time.spread(of(metric).map(meanOf));

  const rttChart = () => {
    const shown = ["wanctl_rtt_ms", "wanctl_rtt_baseline_ms"].filter(has);
    if (shown.length === 0) return [];
    return chart(shown.map(line), {
      title: "RTT and baseline, ms; shaded: minimum to maximum RTT",
      ...{ columns, rows: RTT_ROWS },
      showValue: (ms) => compact(ms, 5),
      shades: [time.spread(has("wanctl_rtt_ms") ? of("wanctl_rtt_ms") : [])],
    });
  };
  const rateChart = (direction: Direction) => {
    const rate = `wanctl_rate_${direction}_mbps`;
    const load = `wanctl_load_${direction}_mbps`;
    if (!has(rate) && !has(load)) return [];
    const area = (row: TableRow): Spot => ({
      at: row.at,
      min: 0,
      max: row.avg,
    });
    return chart(has(rate) ? [line(rate)] : [], {
      title: `${ARROW[direction]} ${direction} rate, Mbit/s; shaded: load`,
      ...{ columns, rows: RATE_ROWS, bottom: 0 },
      showValue: compactMbps,
      shades: [time.spread(has(load) ? of(load).map(area) : [])],
    });
  };
  const stateStrip = (direction: Direction) => {
    const states = time.spread(
      of("wanctl_state")
        .filter(({ labels }) => labels["direction"] === direction)
        .map((row) => ({ ...row, max: worstState(row)?.code ?? 0 })),
    );
    const marks = Array.from({ length: states.length / 2 }, (_, i) => {
      const codes = [states[2 * i], states[2 * i + 1]].flatMap(
        (band) => band?.max ?? [],
      );
      const worst = Math.max(...codes);
      return codes.length === 0
        ? " "
        : paint(stateOf(worst), MARKS[worst] ?? MARKS[0]);
    });
    return strip(`state ${ARROW[direction]}`, marks);
  };
  const isLong = dayOf(from) !== dayOf(to - 1);
  const show = isLong
    ? dayAndTime
    : (atMs: number) => timeOfDay(atMs).slice(0, 5);
  const title = paint("title", clip(`${wan}  ${spanOf(from, to)}`, columns));
  const closing = completenessLines(answer.metadata, wan, columns, paint);
  if (rows.length === 0) return [title, ...closing];
  return [
    title,
    ...rttChart(),
    ...DIRECTIONS.flatMap(rateChart),
    ...(has("wanctl_state") ? DIRECTIONS.map(stateStrip) : []),
    timeAxis(columns, [from, (from + to) / 2, to].map(show)),
    ...closing,
  ];
}

/** A band and its start. */
type Spot = NonNullable<Band> & { readonly at: number };

const meanOf = ({ at, avg }: TableRow): Spot => ({ at, min: avg, max: avg });

/** Distributes steps over `count` bands: each covers the range of its steps' values; null if it has none. */
function axisOf(from: number, to: number, stepMs: number, count: number) {
  const widthMs = (to - from) / count;
  const place = (atMs: number) => (atMs - from) / widthMs;
  return {
    spread(spots: readonly Spot[]): readonly Band[] {
      const bands = new Array<Band>(count).fill(null);
      for (const { at, min, max } of spots) {
        const first = Math.max(0, Math.floor(place(at)));
        const end = Math.min(count, Math.max(place(at + stepMs), first + 1));
        for (let x = first; x < end; x++) {
          const band = bands[x] ?? { min, max };
          bands[x] = {
            min: Math.min(band.min, min),
            max: Math.max(band.max, max),
          };
        }
      }
      return bands;
    },
  };
}
