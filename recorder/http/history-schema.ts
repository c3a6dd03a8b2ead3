import { Type } from "@sinclair/typebox";
import { WAN_NAME } from "../../shared/contract/frame.js";
import { STATES } from "../../shared/contract/state.js";
import type { History } from "../query/history.js";
import { TIERS } from "../tiers/tier.js";
import { parameters } from "./query.js";
import { answerFrom, route, type Route } from "./route.js";

const ms = (description = "ms since 1970") => Type.Integer({ description });

const tier = Type.Union(TIERS.map((name) => Type.Literal(name)));

const section = Type.Object({
  tier,
  from: ms(),
  to: ms("ms since 1970, exclusive"),
});

const wan = Type.String({ pattern: WAN_NAME.source });

export const seriesName = {
  wan,
  metric: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  unit: Type.String(),
};

export const stateMs = Type.Array(Type.Integer(), {
  description: `ms in ${STATES.join(", ")}`,
});

/** How complete an answer is, and which tiers it was read from. */
export const completenessSchema = {
  from: ms(),
  to: ms("ms since 1970, exclusive"),
  wans: Type.Array(
    Type.Object({
      wan,
      coverage: Type.Number({
        description:
          "recorded share of the expected cycles since the WAN's history begins, 0 to 1",
      }),
      recorded: Type.Number({
        description: "the same for the whole requested span, until now, 0 to 1",
      }),
      since: Type.Union([ms(), Type.Null()], {
        description:
          "where the WAN's history begins, if later than the start of the span; else null",
      }),
      sections: Type.Array(section),
    }),
  ),
  gaps: Type.Array(
    Type.Object({
      wan,
      from: ms(),
      to: ms(),
      frames: Type.Union([Type.Integer(), Type.Null()], {
        description: "null: unknown",
      }),
      cause: Type.String(),
    }),
    { description: "the first 100" },
  ),
  gapsTotal: Type.Integer(),
  partial: Type.Boolean({
    description:
      "part of the span is missing: expired, never recorded, or lost",
  }),
};

const PATH = "/api/v1/series";

/** The metrics in the history. */
export const seriesRoute = (history: History): Route =>
  route({
    path: PATH,
    doc: "The metrics of each WAN, and since when they are recorded",
    query: parameters({}),
    answers: {
      200: {
        doc: "the metrics of all WANs with a history",
        schema: Type.Object({
          data: Type.Array(Type.Object({ ...seriesName, help: Type.String() })),
          metadata: Type.Object({
            now: Type.Integer({ description: "ms since 1970" }),
            wans: Type.Array(
              Type.Object({
                wan: Type.String(),
                from: Type.Integer(),
                to: Type.Integer(),
                tiers: Type.Array(section),
              }),
            ),
          }),
        }),
      },
    },
    answer: (_, reply) =>
      answerFrom(history, PATH, reply, (asked, signal) => asked.series(signal)),
  });
