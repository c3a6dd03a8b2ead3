import type { Gap, GapsAnswer } from "../../shared/contract/history.js";
import type { GapPlace, GapRow } from "../store/annals.js";
import type { Records } from "../store/records.js";
import { touches } from "./completeness.js";
import type { GapsQuery } from "./history.js";
import { cursorNumbers, pageOf, sliceOf } from "./pages.js";
import type { Pieces } from "./read.js";

/** What the history lacks, and will never have; the newest run first. */
export function* gaps(records: Records, query: GapsQuery): Pieces<GapsAnswer> {
  const { fromMs, toMs, wans } = query;
  const isWanted = (row: GapRow) =>
    touches(row, query) && (wans?.includes(row.wan) ?? true);
  const { data, next } = yield* pageOf(
    query.limit,
    gapPlaceOf(query.cursor),
    (place: GapPlace) =>
      sliceOf(records.annals.gapsBefore(place), isWanted, shownGap),
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
