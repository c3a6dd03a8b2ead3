import type { Clock } from "../../shared/runtime/clock.js";
import type { Records } from "../store/records.js";
import { events } from "./events.js";
import { gaps } from "./gaps.js";
import type { History } from "./history.js";
import { range } from "./range.js";
import type { Pieces } from "./read.js";
import { seriesAnswer } from "./series.js";
import { summary } from "./summary.js";

/** Where the history lies, and how work at it is done. */
export interface Library {
  /** To be used within `run` alone. */
  readonly records: Records;
  /** Does a work piece by piece, with pauses. */
  run<T>(work: Pieces<T>, signal?: AbortSignal): Promise<T>;
}

/** Answers from what is recorded. */
export function openReader(
  library: Library,
  clock: Pick<Clock, "wall">,
): History {
  /** The records are looked up when the work begins: only then are they known to be there. */
  const answer = <T>(
    work: (records: Records, nowMs: number) => Pieces<T>,
    signal?: AbortSignal,
  ): Promise<T> =>
    library.run(
      (function* () {
        return yield* work(library.records, clock.wall());
      })(),
      signal,
    );

  return {
    series: (signal) =>
      answer(function* (records, nowMs) {
        yield;
        return seriesAnswer(records, nowMs);
      }, signal),
    range: (query, signal) =>
      answer((records, nowMs) => range(records, query, nowMs), signal),
    summary: (query, signal) =>
      answer((records, nowMs) => summary(records, query, nowMs), signal),
    events: (query, signal) =>
      answer((records) => events(records, query), signal),
    gaps: (query, signal) => answer((records) => gaps(records, query), signal),
  };
}
