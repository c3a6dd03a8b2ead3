import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { isDamage, passingCause } from "../store/connection.js";
import { openReadable } from "../store/database.js";
import { openRecords, type Records } from "../store/records.js";
import { events, gaps } from "./events.js";
import type { History } from "./history.js";
import { range } from "./range.js";
import type { Pieces } from "./read.js";
import { seriesAnswer } from "./series-selection.js";
import { summary } from "./summary.js";

/** Access to the records, and how queries on them are run. */
export interface QueryRunner {
  /** Only to be used within `run`. */
  readonly records: Records;
  /** Runs work piece by piece, with pauses. */
  run<T>(work: Pieces<T>, signal?: AbortSignal): Promise<T>;
}

/** Answers queries from the records. */
export function openReader(
  queryRunner: QueryRunner,
  clock: Pick<Clock, "wall">,
): History {
  /** Records are accessed only when the work begins: before that the database may not be open. */
  const answer = <T>(
    work: (records: Records, nowMs: number) => Pieces<T>,
    signal?: AbortSignal,
  ): Promise<T> =>
    queryRunner.run(
      (function* () {
        return yield* work(queryRunner.records, clock.wall());
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

/**
 * The history in a file: a copy, or the database of a stopped recorder. Read-only.
 * @throws Failure if there is no such file, or its version is not supported
 */
export function openHistoryFile(path: string): History & Disposable {
  const db = openReadable(path);
  const queryRunner: QueryRunner = {
    records: openRecords(db),
    async run(work, signal) {
      for (;;) {
        signal?.throwIfAborted();
        try {
          const { done, value } = work.next();
          if (done) return value;
        } catch (error) {
          if (!isDamage(error) && passingCause(error) === undefined)
            throw error;
          throw new Failure(`Cannot read '${path}': got ${reasonOf(error)}`);
        }
        // yield to the event loop, so that an abort signal can arrive
        await setImmediate();
      }
    },
  };
  return {
    ...openReader(queryRunner, systemClock),
    [Symbol.dispose]: () => void db.close(),
  };
}
