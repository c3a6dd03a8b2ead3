import type { OutgoingHttpHeaders } from "node:http";
import { Type } from "@sinclair/typebox";
import type { Kind } from "../../shared/contract/frame.js";
import { type Audience, CLIENTS_MAX } from "./audience.js";
import { HttpError } from "./http-error.js";
import { kind, many, parameters, wan } from "./query.js";
import { route, type Route } from "./route.js";

/** Frames as they come. */
export const liveRoute = (audience: Audience): Route =>
  route({
    path: "/api/v1/live",
    doc: "Every frame as it comes, as server-sent events",
    query: parameters({
      wan: many(wan, "only these; all where none is named"),
      kind: many(kind, "only these; all where none is named"),
    }),
    answers: {
      200: {
        doc: "each event is named by the kind of its frame, and its data are the frame as in docs/frames.md; `dropped` says how many a slow client has lost",
        type: "text/event-stream",
        schema: Type.String(),
      },
      503: {
        doc: `${CLIENTS_MAX} clients listen already`,
        schema: Type.Object({ error: Type.String() }),
      },
    },
    answer(query, reply) {
      const type = "text/event-stream; charset=utf-8";
      if (reply.request.method === "HEAD") return reply.type(type).send();
      const headers = {
        ...(reply.getHeaders() as OutgoingHttpHeaders),
        "content-type": type,
      };
      const isIn = audience.join(reply.raw, headers, {
        wans: query.wan ? new Set(query.wan) : null,
        kinds: query.kind ? new Set<Kind>(query.kind) : null,
      });
      if (isIn) return reply.hijack();
      throw new HttpError(
        503,
        `Cannot listen live: at most ${CLIENTS_MAX} clients at once`,
        {},
        { "retry-after": "5" },
      );
    },
  });
