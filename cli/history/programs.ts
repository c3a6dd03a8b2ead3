import type { RangeAnswer } from "../../shared/contract/history.js";
import { labelText } from "../../shared/contract/metrics.js";
import { STATES } from "../../shared/contract/state.js";
import type { Screen } from "./paint.js";
import { newestEvents, rangePages } from "./place.js";
import type { HistoryQuestion } from "./question.js";
import type { Past } from "./remote.js";
import { type TableRow, rowsOf } from "./table.js";
import { EVENTS_MAX, TABLE_POINTS } from "./terminal.js";

/** Rows for programs. New keys and columns are appended; existing ones are never renamed. */

const STATE_COLUMNS = STATES.map((state) => `${state.toLowerCase()}_ms`);

const CSV_HEAD = csvLine([
  ...["time", "wan", "metric", "labels", "unit"],
  ...["count", "min", "avg", "max"],
  ...STATE_COLUMNS,
]);

const rowAsCsv = (row: TableRow): string =>
  csvLine([
    new Date(row.at).toISOString(),
    row.wan,
    row.metric,
    labelText(row.labels) ?? "",
    row.unit,
    ...[row.count, row.min, row.avg, row.max].map(short),
    ...STATE_COLUMNS.map((_, code) => row.stateMs?.[code] ?? ""),
  ]);

/** Times in ms since 1970, and as ISO 8601. */
const rowAsJson = ({ at, stateMs, ...row }: TableRow): object => ({
  at,
  time: new Date(at).toISOString(),
  ...row,
  min: short(row.min),
  avg: short(row.avg),
  max: short(row.max),
  ...(stateMs === null ? {} : { stateMs }),
});

/** Rounded to 1e-6: values are precise to a thousandth of their unit, the rest is floating-point noise. */
const short = (value: number): number => Math.round(value * 1e6) / 1e6;

/** RFC 4180. */
function csvLine(fields: readonly (string | number)[]): string {
  return fields
    .map((field) =>
      typeof field === "string" && /[",\r\n]/.test(field)
        ? `"${field.replaceAll('"', '""')}"`
        : `${field}`,
    )
    .join(",");
}

/** Output for programs, page by page. */

type Tell = (
  past: Past,
  question: HistoryQuestion,
  screen: Pick<Screen, "print">,
  signal: AbortSignal,
) => Promise<void>;

const selectionOf = ({ range, wans, metrics }: HistoryQuestion) => ({
  ...range,
  ...{ wans, metrics: metrics ?? undefined },
});

const rangeOf = (question: HistoryQuestion) => ({
  ...selectionOf(question),
  resolution: question.resolution ?? { points: TABLE_POINTS },
});

const tellValues: Tell = async (past, question, { print }, signal) => {
  if (question.as === "csv") await print([CSV_HEAD]);
  else await print(['{"data":[']);
  let last: RangeAnswer["metadata"] | null = null;
  let returned = 0;
  for await (const answer of rangePages(past, rangeOf(question), signal)) {
    const rows = rowsOf(answer);
    if (question.as === "csv") await print(rows.map(rowAsCsv));
    else
      await print(
        rows.map(
          (row, i) =>
            (returned + i > 0 ? "," : " ") + JSON.stringify(rowAsJson(row)),
        ),
      );
    returned += rows.length;
    last = answer.metadata;
  }
  if (question.as === "json")
    await print([`],"metadata":${JSON.stringify({ ...last, returned })}}`]);
};

const tellSummary: Tell = async (past, question, { print }, signal) => {
  const answer = await past.summary(selectionOf(question), signal);
  if (question.as === "json") return print([JSON.stringify(answer, null, 2)]);
  const numbers = ["count", "min", "avg", "max", "p50", "p95", "p99"] as const;
  await print([
    csvLine(["wan", "metric", "labels", "unit", ...numbers]),
    ...answer.data.map((one) =>
      csvLine([
        ...[one.wan, one.metric, labelText(one.labels) ?? "", one.unit],
        ...numbers.map((name) => (one[name] === null ? "" : short(one[name]))),
      ]),
    ),
  ]);
};

const tellEvents: Tell = async (past, question, { print }, signal) => {
  const { events, isAll } = await newestEvents(
    past,
    selectionOf(question),
    EVENTS_MAX,
    signal,
  );
  const { fromMs, toMs } = question.range;
  if (question.as === "json") {
    const metadata = { from: fromMs, to: toMs, returned: events.length, isAll };
    return print([JSON.stringify({ data: events, metadata }, null, 2)]);
  }
  await print([
    csvLine(["time", "wan", "kind", "details"]),
    ...events.map(({ at, wan, kind, details }) =>
      csvLine([
        ...[new Date(at).toISOString(), wan, kind],
        JSON.stringify(details),
      ]),
    ),
  ]);
};

export const TELL = {
  values: tellValues,
  summary: tellSummary,
  events: tellEvents,
} as const;
