import type {
  EventsAnswer,
  HistoryEvent,
} from "../../shared/contract/history.js";
import type { EventPlace, EventRow } from "../store/annals.js";
import type { Records } from "../store/records.js";
import type { EventsQuery } from "./history.js";
import { cursorNumbers, pageOf, sliceOf } from "./pages.js";
import type { Pieces } from "./read.js";

/** What happened, the newest first. */
export function* events(
  records: Records,
  query: EventsQuery,
): Pieces<EventsAnswer> {
  const { fromMs, toMs, wans, kinds } = query;
  const isWanted = ({ wan, kind }: EventRow) =>
    (wans?.includes(wan) ?? true) && (kinds?.includes(kind) ?? true);
  const { annals } = records;
  const before =
    kinds === undefined || kinds.includes("transition")
      ? annals.eventsBefore
      : annals.rareEventsBefore;
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
