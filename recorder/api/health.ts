import { Type } from "@sinclair/typebox";
import type { Health } from "../../shared/runtime/health.js";
import { parameters } from "./query.js";
import { route, type Route } from "./route.js";

const health = Type.Object({
  status: Type.Union([Type.Literal("fine"), Type.Literal("degraded")]),
  reasons: Type.Array(Type.String()),
  recorder: Type.Record(Type.String(), Type.Unknown()),
  silent: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
    description:
      "controllers of which nothing is heard though they did not say that they stop",
  }),
  sources: Type.Array(Type.Record(Type.String(), Type.Unknown())),
});

/** How the recorder is: the same as at its Unix socket. */
export const healthRoute = (look: () => Health): Route =>
  route({
    path: "/health",
    doc: "How the recorder is; as at its Unix socket",
    query: parameters({}),
    answers: {
      200: { doc: "fine", schema: health },
      503: { doc: "degraded, and why", schema: health },
    },
    answer(_, reply) {
      const found = look();
      reply.code(found.status === "fine" ? 200 : 503);
      return found;
    },
  });
