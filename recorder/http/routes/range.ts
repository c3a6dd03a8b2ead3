import { type Static, Type } from "@sinclair/typebox";
import { DURATION, parseDuration } from "../../../shared/config/format.js";
import { PERIOD_MS } from "../../../shared/contract/row.js";
import type { Clock } from "../../../shared/runtime/clock.js";
import type { History, Resolution } from "../../query/history.js";
import { badParameter } from "../errors.js";
import { completenessSchema, seriesName, stateMs } from "../history-schema.js";
import { sendJson } from "../json.js";
import {
  cursor,
  instant,
  many,
  metric,
  pageMetadata,
  parameters,
  spanIn,
  wan,
} from "../query.js";
import { answerFrom, route, type Route } from "../route.js";

const PATH = "/api/v1/range";

const POINTS = { minimum: 1, maximum: 5_000, default: 600 };

const STEP = `a duration such as \`10s\`, \`5m\` or \`1h30m\`, at least ${PERIOD_MS}ms, or \`cycle\``;

const values = (description: string) =>
  Type.Array(Type.Number(), { description });

const line = Type.Object({
  ...seriesName,
  at: Type.Array(Type.Integer(), {
    description:
      "start of each step that has values; for single cycles their own times",
  }),
  min: values("one value per entry of `at`"),
  avg: values(
    "the same; for codes the one held longest, of two equal ones the greater",
  ),
  max: values("the same"),
  count: Type.Array(Type.Integer()),
  stateMs: Type.Optional(
    Type.Array(stateMs, { description: "for `wanctl_state` only" }),
  ),
});

const query = parameters({
  from: Type.Optional(instant),
  to: Type.Optional(instant),
  wan: many(wan, "only these; default: all"),
  metric: many(metric, "only these; default: all"),
  points: Type.Optional(Type.Integer(POINTS)),
  step: Type.Optional(
    Type.String({
      pattern: `${DURATION.source}|^cycle$`,
      title: STEP,
    }),
  ),
  cursor,
});

/** Values over time. */
export const rangeRoute = (history: History, clock: Clock): Route =>
  route({
    path: PATH,
    doc: "Values over time: in at most `points` steps, in steps of fixed length, or every cycle",
    query,
    answers: {
      200: {
        doc: "default: the last 24 hours; the span is extended to whole steps",
        schema: Type.Object({
          data: Type.Array(line),
          metadata: Type.Object({
            ...completenessSchema,
            ...pageMetadata,
            stepMs: Type.Union([Type.Integer(), Type.Null()], {
              description: "null: single cycles",
            }),
          }),
        }),
      },
    },
    async answer(query, reply) {
      const span = spanIn(PATH, query, clock.wall());
      const resolution = resolutionOf(query);
      const { wan: wans, metric: metrics, cursor } = query;
      const answer = await answerFrom(history, PATH, reply, (asked, signal) =>
        asked.range({ ...span, wans, metrics, resolution, cursor }, signal),
      );
      return sendJson(reply, answer);
    },
  });

function resolutionOf({ points, step }: Static<typeof query>): Resolution {
  if (step === undefined) return { points: points ?? POINTS.default };
  if (points !== undefined)
    throw badParameter(
      PATH,
      "step",
      "must not be combined with 'points'",
      step,
    );
  if (step === "cycle") return step;
  const stepMs = parseDuration(step);
  if (stepMs !== null && stepMs >= PERIOD_MS && Number.isInteger(stepMs))
    return { stepMs };
  throw badParameter(PATH, "step", `must be ${STEP}`, step);
}
