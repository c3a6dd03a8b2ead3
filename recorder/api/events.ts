import { Type } from "@sinclair/typebox";
import { EVENTS } from "../../shared/event.js";
import type { EventPlace, EventRow } from "../store/annals.js";
import { badParameter } from "./http-error.js";
import {
  cursor,
  limit,
  pageMetadata,
  readPage,
  sliceOf,
  type Reading,
} from "./pages.js";
import { instant, many, parameters, spanIn, wan } from "./query.js";
import { goneSignal, route, type Route } from "./route.js";

const PATH = "/api/v1/events";

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
export const eventsRoute = (reading: Reading): Route =>
  route({
    path: PATH,
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
    async answer(query, reply) {
      const span = spanIn(PATH, query, reading.clock.wall());
      const wans = query.wan && new Set(query.wan);
      const kinds = query.kind && new Set<string>(query.kind);
      const isWanted = ({ wan: of, kind }: EventRow) =>
        (wans?.has(of) ?? true) && (kinds?.has(kind) ?? true);
      const begin = placeOf(query.cursor) ?? {
        atMs: span.toMs,
        source: 0,
        seq: 0,
      };
      const { data, next } = await readPage(
        reading,
        query.limit ?? 100,
        begin,
        (place) =>
          sliceOf(
            reading.store.annals.eventsBefore(span.fromMs, place),
            isWanted,
            shown,
          ),
        ({ atMs, source, seq }) => `${atMs}.${source}.${seq}`,
        goneSignal(reply),
      );
      const metadata = { from: span.fromMs, to: span.toMs };
      return { data, metadata: { ...metadata, returned: data.length, next } };
    },
  });

const shown = ({ atMs, wan, kind, details, boot, seq }: EventRow) => ({
  at: atMs,
  wan,
  kind,
  details: JSON.parse(details) as unknown,
  boot,
  seq,
});

function placeOf(text: string | undefined): EventPlace | null {
  if (text === undefined) return null;
  const [atMs = NaN, source = NaN, seq = NaN] = text.split(".").map(Number);
  if (Number.isSafeInteger(atMs + source + seq)) return { atMs, source, seq };
  throw badParameter(PATH, "cursor", "must be of this route", text);
}
