import { Type } from "@sinclair/typebox";
import { since, type Clock } from "../../shared/clock.js";
import { ROWS_MAX } from "../store/annals.js";
import type { Store } from "../store/store.js";
import { HttpError } from "./http-error.js";
import type { Turns } from "./turns.js";

/** How much one answer holds at most: the rest is on the next page. */
const PAGE_BYTES = 2 ** 20;
export const LIMIT_MAX = 1_000;

export const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: 100 }),
);
export const cursor = Type.Optional(
  Type.String({
    pattern: "^\\d{1,16}(\\.\\d{1,16}){0,2}$",
    title: "the `next` of the page before",
  }),
);

/** A read of at most {@link ROWS_MAX} rows, of which those that are wanted are shown. */
export const sliceOf = <Row extends object, Shown>(
  rows: readonly Row[],
  isWanted: (row: Row) => boolean,
  shown: (row: Row) => Shown,
): Slice<Shown, Row> => ({
  rows: rows.filter(isWanted).map((row) => ({ row: shown(row), place: row })),
  next: rows.length < ROWS_MAX ? null : (rows.at(-1) ?? null),
});

/** What all answers in pages say of themselves. */
export const pageMetadata = {
  from: Type.Integer({ description: "ms since 1970" }),
  to: Type.Integer({ description: "ms since 1970, not included" }),
  returned: Type.Integer(),
  next: Type.Union([Type.String(), Type.Null()], {
    description: "cursor of the next page, null on the last",
  }),
};

/** One turn of reading takes so long, and one small step more. */
const TURN_MS = 10;

/** Where pages are read. */
export interface Reading {
  readonly store: Store;
  readonly turns: Turns;
  readonly clock: Clock;
}

/** One small step of reading, a millisecond at most: what it found, and where to go on; null at the end. */
export interface Slice<Row, Place> {
  readonly rows: readonly { readonly row: Row; readonly place: Place }[];
  readonly next: Place | null;
}

export interface Page<Row> {
  readonly data: Row[];
  readonly next: string | null;
}

/** Step by step, until the page is full. A cursor is the place of the last row: pages neither overlap nor leave out. */
export async function readPage<Row extends object, Place>(
  { store, turns, clock }: Reading,
  rowsMax: number,
  begin: Place,
  slice: (place: Place) => Slice<Row, Place>,
  cursorOf: (place: Place) => string,
  signal: AbortSignal,
): Promise<Page<Row>> {
  const data: Row[] = [];
  let bytes = 0;
  let place: Place = begin;

  /** The page, where it is full or there is no more. */
  function step(): Page<Row> | null {
    const { rows, next } = slice(place);
    for (const { row, place: at } of rows) {
      data.push(row);
      bytes += JSON.stringify(row).length;
      if (data.length >= rowsMax || bytes >= PAGE_BYTES)
        return { data, next: cursorOf(at) };
    }
    if (next === null) return { data, next: null };
    place = next;
    return null;
  }

  function turn(): Page<Row> | null {
    const begun = clock.mono();
    let page: Page<Row> | null = null;
    while (page === null && since(begun, clock.mono()) < TURN_MS) page = step();
    return page;
  }

  for (;;) {
    const page = await turns.take(() => readable(store, turn), signal);
    if (page !== null) return page;
  }
}

/** What was read. @throws HttpError 503 where the database cannot be read at the moment */
function readable<T extends object | null>(store: Store, read: () => T): T {
  const found = store.tend(read);
  if (found !== null && "kind" in found)
    throw new HttpError(503, `Cannot read the history: ${found.cause}`);
  return found;
}
