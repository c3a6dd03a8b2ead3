import { labelText } from "../../shared/contract/metrics.js";
import { STATES } from "../../shared/contract/state.js";
import type { Row } from "./row.js";

/** Rows for programs. Keys and columns are appended to, and never renamed. */

const STATE_COLUMNS = STATES.map((state) => `${state.toLowerCase()}_ms`);

export const CSV_HEAD = csvLine([
  ...["time", "wan", "metric", "labels", "unit"],
  ...["count", "min", "avg", "max"],
  ...STATE_COLUMNS,
]);

export const rowAsCsv = (row: Row): string =>
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
export const rowAsJson = ({ at, stateMs, ...row }: Row): object => ({
  at,
  time: new Date(at).toISOString(),
  ...row,
  min: short(row.min),
  avg: short(row.avg),
  max: short(row.max),
  ...(stateMs === null ? {} : { stateMs }),
});

/** A value is known to a thousandth of its unit; what lies behind is the sum's own. */
export const short = (value: number): number => Math.round(value * 1e6) / 1e6;

/** RFC 4180. */
export function csvLine(fields: readonly (string | number)[]): string {
  return fields
    .map((field) =>
      typeof field === "string" && /[",\r\n]/.test(field)
        ? `"${field.replaceAll('"', '""')}"`
        : `${field}`,
    )
    .join(",");
}
