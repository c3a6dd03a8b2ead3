import { Type } from "@sinclair/typebox";
import type { GapPlace, GapRow } from "../store/annals.js";
import { badParameter } from "./http-error.js";
import type { Span } from "./instant.js";
import {
  cursor,
  limit,
  pageMetadata,
  readPage,
  sliceOf,
  type Reading,
  type Slice,
} from "./pages.js";
import { instant, many, parameters, spanIn, wan } from "./query.js";
import { goneSignal, route, type Route } from "./route.js";

const PATH = "/api/v1/gaps";

const nullableInteger = (description: string) =>
  Type.Union([Type.Integer(), Type.Null()], { description });

const gap = Type.Object({
  wan: Type.String(),
  boot: Type.String({ description: "of which run frames are lost" }),
  fromSeq: Type.Integer(),
  toSeq: nullableInteger("null: nobody knows how many"),
  count: nullableInteger("frames lost, null: nobody knows how many"),
  fromMs: nullableInteger("the frame before, null: there is none"),
  toMs: nullableInteger("the frame behind, null: there is none"),
  cause: Type.Union(
    ["expired", "gone", "refused"].map((name) => Type.Literal(name)),
  ),
});

/** What the history lacks, and will never have. */
export const gapsRoute = (reading: Reading): Route =>
  route({
    path: PATH,
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
    async answer(query, reply) {
      const span = spanIn(PATH, query, reading.clock.wall());
      const wans = query.wan && new Set(query.wan);
      const { data, next } = await readPage(
        reading,
        query.limit ?? 100,
        placeOf(query.cursor),
        (place) => step(reading, span, place, wans),
        ({ source, fromSeq }) => `${source}.${fromSeq}`,
        goneSignal(reply),
      );
      const metadata = { from: span.fromMs, to: span.toMs };
      return { data, metadata: { ...metadata, returned: data.length, next } };
    },
  });

function step(
  { store }: Reading,
  { fromMs, toMs }: Span,
  before: GapPlace,
  wans: ReadonlySet<string> | undefined,
): Slice<object, GapPlace> {
  const rows = store.annals.gapsBefore(before);
  const touches = (row: GapRow) =>
    (row.fromMs ?? 0) < toMs && (row.toMs ?? Infinity) >= fromMs;
  return sliceOf(
    rows,
    (row) => touches(row) && (wans?.has(row.wan) ?? true),
    shown,
  );
}

const shown = ({ wan, boot, fromSeq, toSeq, fromMs, toMs, cause }: GapRow) => ({
  ...{ wan, boot, fromSeq, toSeq, fromMs, toMs, cause },
  count: toSeq === null ? null : toSeq - fromSeq + 1,
});

const NEWEST = { source: Number.MAX_SAFE_INTEGER, fromSeq: 0 };

function placeOf(text: string | undefined): GapPlace {
  if (text === undefined) return NEWEST;
  const [source = NaN, fromSeq = NaN, rest] = text.split(".").map(Number);
  if (rest === undefined && Number.isSafeInteger(source + fromSeq))
    return { source, fromSeq };
  throw badParameter(PATH, "cursor", "must be of this route", text);
}
