import type {
  EventsAnswer,
  Gap,
  GapsAnswer,
  HistoryEvent,
} from "../../shared/contract/history.js";
import {
  type EventPlace,
  type EventRow,
  type GapPlace,
  type GapRow,
  ROWS_MAX,
} from "../store/events.js";
import type { Records } from "../store/records.js";
import { touches } from "./completeness.js";
import { type EventsQuery, type GapsQuery, QueryError } from "./history.js";
import type { Pieces } from "./read.js";

/** Maximum size of one answer; the rest is on the next page. */
const PAGE_BYTES = 2 ** 20;

/** The rows of one short read (at most 1 ms), and where to continue; null at the end. */
interface Slice<Row, Place> {
  readonly rows: readonly { readonly row: Row; readonly place: Place }[];
  readonly next: Place | null;
}

interface Page<Row> {
  readonly data: readonly Row[];
  readonly next: string | null;
}

/** Filters and maps a read of at most {@link ROWS_MAX} rows. */
const sliceOf = <Row extends object, Shown>(
  rows: readonly Row[],
  isWanted: (row: Row) => boolean,
  shown: (row: Row) => Shown,
): Slice<Shown, Row> => ({
  rows: rows.filter(isWanted).map((row) => ({ row: shown(row), place: row })),
  next: rows.length < ROWS_MAX ? null : (rows.at(-1) ?? null),
});

/** Reads slices until the page is full. A cursor is the place of the last row: pages neither overlap nor skip rows. */
function* pageOf<Row extends object, Place>(
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

/** The `count` integers of a cursor, separated by dots. @throws QueryError if it is a cursor of another route */
function cursorNumbers(cursor: string, count: number): number[] {
  const numbers = cursor.split(".").map(Number);
  if (numbers.length === count && numbers.every(Number.isSafeInteger))
    return numbers;
  throw new QueryError("cursor", "must be a cursor of this route", cursor);
}

/** Events, newest first. */
export function* events(
  records: Records,
  query: EventsQuery,
): Pieces<EventsAnswer> {
  const { fromMs, toMs, wans, kinds } = query;
  const isWanted = ({ wan, kind }: EventRow) =>
    (wans?.includes(wan) ?? true) && (kinds?.includes(kind) ?? true);
  const { eventStore } = records;
  const before =
    kinds === undefined || kinds.includes("transition")
      ? eventStore.eventsBefore
      : eventStore.rareEventsBefore;
  const { data, next } = yield* pageOf(
    query.limit,
    eventPlaceOf(query),
    (place: EventPlace) => sliceOf(before(fromMs, place), isWanted, shownEvent),
    ({ atMs, source, seq }) => `${atMs}.${source}.${seq}`,
  );
  return {
    data,
    metadata: { from: fromMs, to: toMs, returned: data.length, next },
  };
}

const shownEvent = ({
  atMs,
  wan,
  kind,
  details,
  boot,
  seq,
}: EventRow): HistoryEvent => ({
  at: atMs,
  wan,
  kind,
  details: JSON.parse(details) as HistoryEvent["details"],
  boot,
  seq,
});

function eventPlaceOf({ cursor, toMs }: EventsQuery): EventPlace {
  if (cursor === undefined)
    return { atMs: toMs, source: Number.MIN_SAFE_INTEGER, seq: 0 };
  const [atMs = NaN, source = NaN, seq = NaN] = cursorNumbers(cursor, 3);
  return { atMs, source, seq };
}

/** Permanent gaps, newest run first. */
export function* gaps(records: Records, query: GapsQuery): Pieces<GapsAnswer> {
  const { fromMs, toMs, wans } = query;
  const isWanted = (row: GapRow) =>
    touches(row, query) && (wans?.includes(row.wan) ?? true);
  const { data, next } = yield* pageOf(
    query.limit,
    gapPlaceOf(query.cursor),
    (place: GapPlace) =>
      sliceOf(records.eventStore.gapsBefore(place), isWanted, shownGap),
    ({ source, fromSeq }) => `${source}.${fromSeq}`,
  );
  return {
    data,
    metadata: { from: fromMs, to: toMs, returned: data.length, next },
  };
}

const shownGap = ({
  wan,
  boot,
  fromSeq,
  toSeq,
  fromMs,
  toMs,
  cause,
}: GapRow): Gap => ({
  ...{ wan, boot, fromSeq, toSeq, fromMs, toMs, cause },
  count: toSeq === null ? null : toSeq - fromSeq + 1,
});

const NEWEST: GapPlace = { source: Number.MAX_SAFE_INTEGER, fromSeq: 0 };

function gapPlaceOf(cursor: string | undefined): GapPlace {
  if (cursor === undefined) return NEWEST;
  const [source = NaN, fromSeq = NaN] = cursorNumbers(cursor, 2);
  return { source, fromSeq };
}
