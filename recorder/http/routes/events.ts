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
  boot: Type.String({ description: "of which run it is a frame" }),
  seq: Type.Integer(),
});

/** What happened, from the history. */
export const eventsRoute = (history: History, clock: Clock): Route =>
  route({
    path: EVENTS_PATH,
    doc: "What happened: changes of state with their reasons, configurations, losses; the newest first",
    query: parameters({
      from: Type.Optional(instant),
      to: Type.Optional(instant),
      wan: many(wan, "only these; all where none is named"),
      kind: many(
        Type.Union(KINDS.map((name) => Type.Literal(name))),
        "only these",
      ),
      limit,
      cursor,
    }),
    answers: {
      200: {
        doc: "the last 24 hours where no times are given",
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
  boot: Type.String({ description: "of which run frames are lost" }),
  fromSeq: Type.Integer(),
  toSeq: nullableInteger("null: unknown"),
  count: nullableInteger("frames lost; null: unknown"),
  fromMs: nullableInteger("the frame before, null: there is none"),
  toMs: nullableInteger("the frame behind, null: there is none"),
  cause: Type.Union(
    ["expired", "gone", "refused"].map((name) => Type.Literal(name)),
  ),
});

/** What the history lacks, and will never have. */
export const gapsRoute = (history: History, clock: Clock): Route =>
  route({
    path: GAPS_PATH,
    doc: "Frames that are lost to the history; the newest run first",
    query: parameters({
      from: Type.Optional(instant),
      to: Type.Optional(instant),
      wan: many(wan, "only these"),
      limit,
      cursor,
    }),
    answers: {
      200: {
        doc: "all that touch the span; the last 24 hours where no times are given",
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
