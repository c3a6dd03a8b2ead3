import { ROWS_MAX } from "../store/annals.js";
import { QueryError } from "./history.js";
import type { Pieces } from "./read.js";

/** How much one answer holds at most: the rest is on the next page. */
const PAGE_BYTES = 2 ** 20;

/** One small step of reading, a millisecond at most: what it found, and where to go on; null at the end. */
export interface Slice<Row, Place> {
  readonly rows: readonly { readonly row: Row; readonly place: Place }[];
  readonly next: Place | null;
}

export interface Page<Row> {
  readonly data: readonly Row[];
  readonly next: string | null;
}

/** A read of at most {@link ROWS_MAX} rows, of which those that are wanted are shown. */
export const sliceOf = <Row extends object, Shown>(
  rows: readonly Row[],
  isWanted: (row: Row) => boolean,
  shown: (row: Row) => Shown,
): Slice<Shown, Row> => ({
  rows: rows.filter(isWanted).map((row) => ({ row: shown(row), place: row })),
  next: rows.length < ROWS_MAX ? null : (rows.at(-1) ?? null),
});

/** Step by step, until the page is full. A cursor is the place of the last row: pages neither overlap nor leave out. */
export function* pageOf<Row extends object, Place>(
  rowsMax: number,
  begin: Place,
  slice: (place: Place) => Slice<Row, Place>,
  cursorOf: (place: Place) => string,
): Pieces<Page<Row>> {
  const data: Row[] = [];
  let bytes = 0;
  let place: Place | null = begin;
  while (place !== null) {
    const { rows, next }: Slice<Row, Place> = slice(place);
    for (const { row, place: at } of rows) {
      data.push(row);
      bytes += JSON.stringify(row).length;
      if (data.length >= rowsMax || bytes >= PAGE_BYTES)
        return { data, next: cursorOf(at) };
    }
    place = next;
    yield;
  }
  return { data, next: null };
}

/** The whole numbers of a cursor, so many as its route writes, with dots between. @throws QueryError where it is another's */
export function cursorNumbers(cursor: string, count: number): number[] {
  const numbers = cursor.split(".").map(Number);
  if (numbers.length === count && numbers.every(Number.isSafeInteger))
    return numbers;
  throw new QueryError("cursor", "must be of this route", cursor);
}
