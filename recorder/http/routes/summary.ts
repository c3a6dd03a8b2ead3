import { Type } from "@sinclair/typebox";
import { DIRECTIONS } from "../../../shared/contract/direction.js";
import { STATES } from "../../../shared/contract/state.js";
import type { Clock } from "../../../shared/runtime/clock.js";
import type { History } from "../../query/history.js";
import { completenessSchema, seriesName } from "../history-schema.js";
import { instant, many, metric, parameters, spanIn, wan } from "../query.js";
import { answerFrom, route, type Route } from "../route.js";

const PATH = "/api/v1/summary";

const quantile = Type.Union([Type.Number(), Type.Null()], {
  description:
    "within 2.2 %; null for series without sketches, if the span is longer than two hours or its cycles have expired",
});

/** Summary statistics of a span. */
export const summaryRoute = (history: History, clock: Clock): Route =>
  route({
    path: PATH,
    doc: "Summary of a span: minimum, mean, maximum, percentiles, time in each state, the worst minutes",
    query: parameters({
      from: Type.Optional(instant),
      to: Type.Optional(instant),
      wan: many(wan, "only these; default: all"),
      metric: many(metric, "only these; default: all"),
    }),
    answers: {
      200: {
        doc: "default: the last 24 hours",
        schema: Type.Object({
          data: Type.Array(
            Type.Object({
              ...seriesName,
              count: Type.Integer(),
              min: Type.Number(),
              avg: Type.Number(),
              max: Type.Number(),
              p50: quantile,
              p95: quantile,
              p99: quantile,
            }),
          ),
          metadata: Type.Object({
            ...completenessSchema,
            states: Type.Array(
              Type.Object({
                wan: Type.String(),
                direction: Type.Union(
                  DIRECTIONS.map((name) => Type.Literal(name)),
                ),
                ms: Type.Object(
                  Object.fromEntries(
                    STATES.map((state) => [state, Type.Integer()]),
                  ),
                ),
              }),
            ),
            worst: Type.Array(
              Type.Object({
                wan: Type.String(),
                at: Type.Integer(),
                deltaAvgMs: Type.Number(),
                deltaMaxMs: Type.Number(),
                minutes: Type.Integer({
                  description: "number of minutes it covers",
                }),
              }),
              {
                description:
                  "the minutes with the greatest mean delta, worst first",
              },
            ),
          }),
        }),
      },
    },
    answer(query, reply) {
      const span = spanIn(PATH, query, clock.wall());
      const { wan: wans, metric: metrics } = query;
      return answerFrom(history, PATH, reply, (asked, signal) =>
        asked.summary({ ...span, wans, metrics }, signal),
      );
    },
  });
