import { Type } from "@sinclair/typebox";
import type { History } from "../reader/history.js";
import { asking } from "./asking.js";
import { section, seriesName } from "./history-schema.js";
import { parameters } from "./query.js";
import { route, type Route } from "./route.js";

const PATH = "/api/v1/series";

/** What there is in the history. */
export const seriesRoute = (history: History): Route =>
  route({
    path: PATH,
    doc: "What is measured of each WAN, and since when",
    query: parameters({}),
    answers: {
      200: {
        doc: "the metrics of all WANs that have a history",
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
      asking(history, PATH, reply, (asked, signal) => asked.series(signal)),
  });
