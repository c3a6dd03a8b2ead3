import type { Completeness } from "../../shared/contract/history.js";
import { wrapTo } from "../terminal.js";
import { bandsIn } from "./chart.js";
import { openEventList } from "./event-lines.js";
import type { Screen } from "./paint.js";
import { newestEvents, rangePages } from "./place.js";
import { PLOT_METRICS, plotPage } from "./plot-page.js";
import type { HistoryQuestion } from "./question.js";
import type { Past } from "./remote.js";
import { completenessLines, summaryPage } from "./summary-page.js";
import {
  momentsOf,
  openTable,
  rowsOf,
  type Table,
  TABLE_METRICS,
} from "./table.js";
import { spanOf, stepInWords } from "./time.js";

/** Output for people, WAN by WAN. */

/** Default number of lines of a table. */
export const TABLE_POINTS = 24;

/** A question with known WANs. */
export type Asked = HistoryQuestion & { readonly wans: readonly string[] };

type Show<Q = Asked> = (
  past: Past,
  question: Q,
  screen: Screen,
  signal: AbortSignal,
) => Promise<void>;

export const showTable: Show = async (past, question, screen, signal) => {
  const { range, metrics, resolution } = question;
  for (const wan of question.wans) {
    let table: Table | null = null;
    let known: Completeness | null = null;
    const query = {
      ...range,
      wans: [wan],
      metrics: metrics ?? TABLE_METRICS,
      resolution: resolution ?? { points: TABLE_POINTS },
    };
    for await (const answer of rangePages(past, query, signal)) {
      const { metadata } = answer;
      const { stepMs } = metadata;
      if (table === null) {
        table = openTable({ ...query, ...screen, stepMs });
        await screen.print([
          ...titleLines(wan, metadata, stepMs, screen),
          ...table.head(),
        ]);
      }
      await screen.print(table.lines(momentsOf(rowsOf(answer))));
      known = metadata;
    }
    if (known !== null) await screen.print(closing(known, wan, screen));
    if (wan !== question.wans.at(-1)) await screen.print([""]);
  }
};

const titleLines = (
  wan: string,
  { from, to }: Completeness,
  stepMs: number | null,
  { columns, paint }: Screen,
) =>
  wrapTo(
    columns,
    "",
    `${wan}  ${spanOf(from, to)}, ${stepInWords(stepMs)}; ms and Mbit/s`,
  ).map((line) => paint("title", line));

const closing = (
  metadata: Completeness,
  wan: string,
  { columns, paint }: Screen,
) => completenessLines(metadata, wan, columns, paint);

export const showSummary: Show = async (past, question, screen, signal) => {
  const { range, wans, metrics } = question;
  const selection = { ...range, wans, metrics: metrics ?? TABLE_METRICS };
  const answer = await past.summary(selection, signal);
  for (const [i, wan] of wans.entries())
    await screen.print([
      ...(i > 0 ? [""] : []),
      ...summaryPage(answer, wan, screen),
    ]);
};

export const showPlot: Show = async (past, question, screen, signal) => {
  const asked = question.metrics ?? PLOT_METRICS;
  const metrics = PLOT_METRICS.filter((metric) => asked.includes(metric));
  for (const [i, wan] of question.wans.entries()) {
    const query = {
      ...question.range,
      ...{ wans: [wan], metrics },
      resolution: { points: bandsIn(screen.columns) },
    };
    for await (const answer of rangePages(past, query, signal))
      await screen.print([
        ...(i > 0 ? [""] : []),
        ...plotPage(answer, wan, metrics, screen),
      ]);
  }
};

/** Events shown at most, the newest ones; held in memory. */
export const EVENTS_MAX = 10_000;

export const showEvents: Show<HistoryQuestion> = async (
  past,
  question,
  screen,
  signal,
) => {
  const { range, wans } = question;
  const { events, isAll } = await newestEvents(
    past,
    { ...range, wans },
    EVENTS_MAX,
    signal,
  );
  const { columns, paint } = screen;
  const span = spanOf(range.fromMs, range.toMs);
  const words =
    events.length === 0
      ? `no events, ${span}`
      : isAll
        ? `${events.length} events, ${span}`
        : `the newest ${events.length} events, ${span}: use --to for older ones`;
  await screen.print([
    ...openEventList(screen).lines(events),
    ...wrapTo(columns, " ", words).map((line) => paint("aside", line)),
  ]);
};
