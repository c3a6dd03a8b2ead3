import { Type } from "@sinclair/typebox";
import { EVENTS } from "../../shared/contract/event.js";
import type { Clock } from "../../shared/runtime/clock.js";
import type { History } from "../reader/history.js";
import { asking } from "./asking.js";
import { cursor, limit, pageMetadata } from "./pages.js";
import { instant, many, parameters, spanIn, wan } from "./query.js";
import { route, type Route } from "./route.js";

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
      return asking(history, EVENTS_PATH, reply, (asked, signal) =>
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
