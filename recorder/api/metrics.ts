import { Type } from "@sinclair/typebox";
import type { Exposition } from "./prometheus/exposition.js";
import { parameters } from "./query.js";
import { route, type Route } from "./route.js";

/** All WANs and the recorder, for Prometheus. */
export const metricsRoute = (exposition: Exposition): Route =>
  route({
    path: "/metrics",
    doc: "Everything current, and counters, for Prometheus",
    query: parameters({}),
    answers: {
      200: {
        doc: "the text format, version 0.0.4",
        type: "text/plain",
        schema: Type.String(),
      },
    },
    answer: async (_, reply) =>
      reply.type(exposition.contentType).send(await exposition.text()),
  });
