import { Type } from "@sinclair/typebox";
import { EVENTS } from "../../shared/frame.js";
import { ROWS_MAX, type EventPlace, type EventRow } from "../store/annals.js";
import { badParameter } from "./http-error.js";
import {
  cursor,
  limit,
  pageMetadata,
  readable,
  readPage,
  type Reading,
  type Slice,
} from "./pages.js";
import { instant, many, parameters, spanIn, wan } from "./query.js";
import { goneSignal, route, type Route } from "./route.js";

const PATH = "/api/v1/events";

const KINDS = ["transition", "config", ...EVENTS] as const;

/** Reading several WANs side by side costs a step of each: without end, it would cost without end. */
const WANS_READ_MAX = 32;

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
      const { store } = reading;
      const names = query.wan ?? readable(store, () => store.annals.wanNames());
      if (names.length > WANS_READ_MAX)
        throw badParameter(
          PATH,
          "wan",
          `must be given, at most ${WANS_READ_MAX} of them: the history has ${names.length}`,
        );
      const kinds = query.kind && new Set<string>(query.kind);
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
          step(reading, [...new Set(names)], span.fromMs, place, kinds),
        ({ atMs, source, seq }) => `${atMs}.${source}.${seq}`,
        goneSignal(reply),
      );
      const metadata = { from: span.fromMs, to: span.toMs };
      return { data, metadata: { ...metadata, returned: data.length, next } };
    },
  });

/** The next rows of all WANs together, in one order. */
function step(
  { store }: Reading,
  names: readonly string[],
  fromMs: number,
  before: EventPlace,
  kinds: ReadonlySet<string> | undefined,
): Slice<object, EventPlace> {
  const lists = names.map((name) =>
    store.annals.eventsBefore(name, fromMs, before),
  );
  const rows = lists.flat().sort(newestFirst).slice(0, ROWS_MAX);
  const last = rows.at(-1);
  const isOver = lists.every((list) => list.length < ROWS_MAX);
  const more = !isOver || lists.flat().length > ROWS_MAX;
  return {
    rows: rows
      .filter(({ kind }) => kinds === undefined || kinds.has(kind))
      .map((row) => ({ row: shown(row), place: row })),
    next: more && last !== undefined ? last : null,
  };
}

const newestFirst = (a: EventPlace, b: EventPlace): number =>
  b.atMs - a.atMs || b.source - a.source || b.seq - a.seq;

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
