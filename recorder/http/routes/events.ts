import { Type } from "@sinclair/typebox";
import { EVENTS } from "../../../shared/contract/event.js";
import type { Clock } from "../../../shared/runtime/clock.js";
import type { History } from "../../query/history.js";
import {
  cursor,
  instant,
  limit,
  many,
  pageMetadata,
  parameters,
  spanIn,
  wan,
} from "../query.js";
import { answerFrom, route, type Route } from "../route.js";

const EVENTS_PATH = "/api/v1/events";

const KINDS = ["transition", "config", ...EVENTS] as const;

const event = Type.Object({
  at: Type.Integer({ description: "ms since 1970" }),
  wan: Type.String({ description: "or `recorder`" }),
  kind: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
  boot: Type.String({ description: "boot id of the run that sent it" }),
  seq: Type.Integer(),
});

/** Events in the history. */
export const eventsRoute = (history: History, clock: Clock): Route =>
  route({
    path: EVENTS_PATH,
    doc: "Events: state changes with their reasons, configurations, losses; newest first",
    query: parameters({
      from: Type.Optional(instant),
      to: Type.Optional(instant),
      wan: many(wan, "only these; default: all"),
      kind: many(
        Type.Union(KINDS.map((name) => Type.Literal(name))),
        "only these",
      ),
      limit,
      cursor,
    }),
    answers: {
      200: {
        doc: "default: the last 24 hours",
        schema: Type.Object({
          data: Type.Array(event),
          metadata: Type.Object(pageMetadata),
        }),
      },
    },
    answer(query, reply) {
      const span = spanIn(EVENTS_PATH, query, clock.wall());
      return answerFrom(history, EVENTS_PATH, reply, (asked, signal) =>
        asked.events(
          {
            ...span,
            wans: query.wan,
            kinds: query.kind,
            limit: query.limit ?? 100,
            cursor: query.cursor,
          },
          signal,
        ),
      );
    },
  });

const GAPS_PATH = "/api/v1/gaps";

const nullableInteger = (description: string) =>
  Type.Union([Type.Integer(), Type.Null()], { description });

const gap = Type.Object({
  wan: Type.String(),
  boot: Type.String({
    description: "boot id of the run whose frames are lost",
  }),
  fromSeq: Type.Integer(),
  toSeq: nullableInteger("null: unknown"),
  count: nullableInteger("frames lost; null: unknown"),
  fromMs: nullableInteger("time of the frame before the gap; null: none"),
  toMs: nullableInteger("time of the frame after the gap; null: none"),
  cause: Type.Union(
    ["expired", "gone", "refused"].map((name) => Type.Literal(name)),
  ),
});

/** Permanent gaps in the history. */
export const gapsRoute = (history: History, clock: Clock): Route =>
  route({
    path: GAPS_PATH,
    doc: "Frames permanently missing from the history; newest run first",
    query: parameters({
      from: Type.Optional(instant),
      to: Type.Optional(instant),
      wan: many(wan, "only these"),
      limit,
      cursor,
    }),
    answers: {
      200: {
        doc: "all gaps that overlap the span; default: the last 24 hours",
        schema: Type.Object({
          data: Type.Array(gap),
          metadata: Type.Object(pageMetadata),
        }),
      },
    },
    answer(query, reply) {
      const span = spanIn(GAPS_PATH, query, clock.wall());
      return answerFrom(history, GAPS_PATH, reply, (asked, signal) =>
        asked.gaps(
          {
            ...span,
            wans: query.wan,
            limit: query.limit ?? 100,
            cursor: query.cursor,
          },
          signal,
        ),
      );
    },
  });
