import { Type } from "@sinclair/typebox";
import { labelText } from "../../../shared/contract/metrics.js";
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
  type TimeRange,
} from "../../../shared/contract/units.js";
import type { Clock } from "../../../shared/runtime/clock.js";
import { type History, QueryError } from "../../query/history.js";
import { newestRows, type ValueRow } from "../../query/newest-rows.js";
import { badParameter } from "../errors.js";
import { sendJson } from "../json.js";
import { instant, parameters, spanIn, wan } from "../query.js";
import { answerFrom, route, type Route } from "../route.js";

const PATH = "/metrics/history";

const LIMIT = { minimum: 1, maximum: 10_000, default: 1_000 };
const OFFSET = { minimum: 0, maximum: 100_000, default: 0 };

const UNITS_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

const text = Type.String();
const textOrNull = Type.Union([Type.String(), Type.Null()]);

/** Rows in the format of the Python wanctl, so that existing scripts keep working. */
export const metricsHistoryRoute = (history: History, clock: Clock): Route =>
  route({
    path: PATH,
    doc: "Values as rows, newest first, in the format of wanctl 1",
    query: parameters({
      range: Type.Optional(
        Type.String({
          pattern: "^[1-9]\\d{0,4}[smhdwSMHDW]$",
          title: "a duration such as `30m`, `1h` or `7d`",
        }),
      ),
      from: Type.Optional(instant),
      to: Type.Optional(instant),
      metrics: Type.Optional(
        Type.String({
          pattern: "^\\w+(,\\w+)*$",
          title: "metrics or families, separated by commas",
        }),
      ),
      wan: Type.Optional(wan),
      limit: Type.Optional(Type.Integer(LIMIT)),
      offset: Type.Optional(Type.Integer(OFFSET)),
    }),
    answers: {
      200: {
        doc: "default: the last hour; `range` takes precedence over `from` and `to`",
        schema: Type.Object({
          data: Type.Array(
            Type.Object({
              timestamp: Type.String({ description: "ISO 8601, UTC" }),
              wan_name: text,
              metric_name: text,
              value: Type.Number(),
              labels: textOrNull,
              granularity: text,
            }),
          ),
          metadata: Type.Object({
            total_count: Type.Union([Type.Integer(), Type.Null()], {
              description: "null: more rows than `offset` + `limit`",
            }),
            returned_count: Type.Integer(),
            granularity: text,
            limit: Type.Integer(),
            offset: Type.Integer(),
            query: Type.Object({
              start: text,
              end: text,
              metrics: Type.Union([Type.Array(text), Type.Null()]),
              wan: textOrNull,
            }),
          }),
        }),
      },
    },
    async answer(query, reply) {
      const span = spanFrom(query, clock.wall());
      const metrics = query.metrics?.split(",");
      const wans = query.wan === undefined ? undefined : [query.wan];
      const { limit = LIMIT.default, offset = OFFSET.default } = query;
      const selection = { ...span, metrics, wans };
      const found = await answerFrom(history, PATH, reply, (asked, signal) =>
        newestRows(asked, selection, { offset, count: limit }, signal).catch(
          byItsNameHere,
        ),
      );
      return sendJson(reply, {
        data: found.rows.map(shown),
        metadata: {
          total_count: found.total,
          returned_count: found.rows.length,
          granularity: found.granularity,
          limit,
          offset,
          query: {
            start: iso(span.fromMs),
            end: iso(span.toMs),
            metrics: metrics ?? null,
            wan: query.wan ?? null,
          },
        },
      });
    },
  });

function spanFrom(
  query: {
    readonly range?: string;
    readonly from?: string;
    readonly to?: string;
  },
  nowMs: number,
): TimeRange {
  const { range, from, to } = query;
  if (range === undefined && (from ?? to) !== undefined)
    return spanIn(PATH, query, nowMs);
  const [, length = "1", unit = "h"] = /^(\d+)(\w)$/.exec(range ?? "") ?? [];
  const lengthMs = Number(length) * (UNITS_MS[unit.toLowerCase()] ?? HOUR_MS);
  if (lengthMs > nowMs)
    throw badParameter(PATH, "range", "must not begin before 1970", range);
  return { fromMs: nowMs + 1 - lengthMs, toMs: nowMs + 1 };
}

/** Renames the parameter in errors: `metric` is called `metrics` in this route. */
function byItsNameHere(error: unknown): never {
  if (error instanceof QueryError && error.parameter === "metric")
    throw new QueryError("metrics", error.rule, error.value);
  throw error;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const shown = ({ at, wan, metric, value, labels, granularity }: ValueRow) => ({
  timestamp: iso(at),
  wan_name: wan,
  metric_name: metric,
  value,
  labels: labelText(labels),
  granularity,
});
