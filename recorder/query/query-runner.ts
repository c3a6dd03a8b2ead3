import { clamp } from "../../shared/contract/units.js";
import { type Clock, later, msSince } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import type { Store } from "../store/store.js";
import type { Pieces } from "./read.js";
import type { QueryRunner } from "./reader.js";

/** Minimum pause between two slices, for the recorder's own work. */
const YIELD_MS = 1;

/** Read time before longer pauses start: enough for a chart of usual size. Recovers while idle. */
const CREDIT_MS = 100;

/** Runs queries in slices, one reader at a time, so that they do not block the event loop. */
interface Turns {
  /** Runs one slice when its turn comes. Rejects if `signal` is aborted before that. */
  take<T>(work: () => T, signal: AbortSignal): Promise<T>;
}

/**
 * Each slice is followed by a pause: a short one while there is credit, otherwise one as long as the slice, so that
 * readers together never take more than half of the time for long. Idle time restores the credit.
 */
function openTurns(clock: Clock): Turns {
  const never = new AbortController().signal;
  let last: Promise<void> = Promise.resolve();
  let creditMs = CREDIT_MS;
  let endedAt = clock.mono();
  return {
    async take(work, signal) {
      const before = last;
      let end = () => {};
      last = new Promise((resolve) => (end = resolve));
      await before;
      const begun = clock.mono();
      creditMs = clamp(creditMs + msSince(endedAt, begun), 0, CREDIT_MS);
      try {
        signal.throwIfAborted();
        return work();
      } finally {
        endedAt = clock.mono();
        const tookMs = msSince(begun, endedAt);
        creditMs = Math.max(0, creditMs - tookMs);
        const pauseMs = Math.max(YIELD_MS, creditMs > 0 ? 0 : tookMs);
        void clock.sleepUntil(later(endedAt, pauseMs), never).then(end);
      }
    },
  };
}

/** Length of one slice; the last piece may exceed it. */
const TURN_MS = 10;

/** Reads the database of a running recorder, one query slice at a time. */
export function openQueryRunner(
  store: Pick<Store, "records" | "tend">,
  clock: Clock,
): QueryRunner {
  const turns = openTurns(clock);
  const never = new AbortController().signal;

  /** The result, boxed; null if there is more to do. */
  function turn<T>(work: Pieces<T>): { readonly value: T } | null {
    const begun = clock.mono();
    do {
      const { done, value } = work.next();
      if (done) return { value };
    } while (msSince(begun, clock.mono()) < TURN_MS);
    return null;
  }

  return {
    get records() {
      return store.records;
    },
    async run<T>(work: Pieces<T>, signal = never): Promise<T> {
      let begunWith: Store["records"] | null = null;
      for (;;) {
        const found = await turns.take(
          () =>
            store.tend(() => {
              begunWith ??= store.records;
              if (begunWith !== store.records)
                throw new Failure(
                  "Cannot continue reading the history: its file was replaced: repeat the query",
                );
              return turn(work);
            }),
          signal,
        );
        if (found === null) continue;
        if ("value" in found) return found.value;
        throw new Failure(`Cannot read the history: ${found.cause}`);
      }
    },
  };
}
