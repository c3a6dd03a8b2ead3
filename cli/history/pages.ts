import type { RangeQuery, Span } from "../../recorder/query/history.js";
import type {
  HistoryEvent,
  RangeAnswer,
} from "../../shared/contract/history.js";
import type { Past } from "./remote.js";

/** All pages of a range, in order of time. */
export async function* rangePages(
  past: Past,
  query: RangeQuery,
  signal: AbortSignal,
): AsyncGenerator<RangeAnswer> {
  let cursor: string | undefined;
  do {
    const answer = await past.range({ ...query, cursor }, signal);
    yield answer;
    cursor = answer.metadata.next ?? undefined;
  } while (cursor !== undefined);
}

const PAGE = 1_000;

/** The newest of a range, at most so many, oldest first; and how many there were at least beyond them. */
export async function newestEvents(
  past: Past,
  span: Span,
  most: number,
  signal: AbortSignal,
): Promise<{
  readonly events: readonly HistoryEvent[];
  readonly isAll: boolean;
}> {
  const events: HistoryEvent[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(PAGE, most - events.length);
    const { data, metadata } = await past.events(
      { ...span, limit, cursor },
      signal,
    );
    events.push(...data);
    cursor = metadata.next ?? undefined;
  } while (cursor !== undefined && events.length < most);
  return { events: events.reverse(), isAll: cursor === undefined };
}
