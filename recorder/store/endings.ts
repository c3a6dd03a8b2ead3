import type { Connection } from "./connection.js";
import type { Gap, Ranges } from "./ranges.js";
import type { Run } from "./runs.js";

/** A run says `stopping` as its last word, or nearly: what a router answers meanwhile may come after it. */
const LAST_WORDS = 20;
const LAST_WORDS_MS = 60_000;

/**
 * How runs end. One that did not say `stopping` may have sent more than was ever heard of: a gap of unknown length, from
 * its last frame to the first of the run that followed.
 *
 *     run 1:  ... 41 42 43 ? ?                  43 is the last that is stored
 *     run 2:                       1 2 3 ...    the gap reaches from 43 of run 1 to 1 of run 2
 */
export interface Endings {
  /** Closes a run that is gone, once it is known how it ended. Says whether it left a gap. */
  close(run: Run): boolean;
  /** It was not gone after all. */
  reopen(run: Run): void;
}

export function openEndings(db: Connection, gaps: Ranges<Gap>): Endings {
  const saidStopping = db.prepare<[number, number, number]>(
    "select 1 from event where at_ms > ? and source = ? and seq > ? and kind = 'stopping'",
  );
  // the run after it: of a higher number, or, when its own frames came late, one that goes on with a later time.
  // null while that one's first frames are missing: then it is not known when it began
  const beginOfNext = db
    .prepare<[number, number, number, number | null], number | null>(
      `select iif(exists (select 1 from missing where source = s.id and from_seq = 1), null, first_at_ms)
         from source s where wan = ? and id <> ? and (id > ? or closed <> 1 and first_at_ms >= ?)
         order by first_at_ms limit 1`,
    )
    .pluck();
  const setClosed = db.prepare("update source set closed = ? where id = ?");

  return {
    close({ source, wan, lastSeq, lastAtMs }) {
      const wordsFromMs = (lastAtMs ?? 0) - LAST_WORDS_MS;
      const wordsFrom = lastSeq - LAST_WORDS;
      if (saidStopping.get(wordsFromMs, source, wordsFrom) !== undefined) {
        setClosed.run(1, source);
        return false;
      }
      const nextAtMs = beginOfNext.get(wan, source, source, lastAtMs);
      if (nextAtMs === undefined) setClosed.run(2, source);
      if (nextAtMs == null) return false;
      setClosed.run(1, source);
      gaps.add(source, {
        fromSeq: lastSeq + 1,
        toSeq: null,
        fromMs: lastAtMs,
        // two runs may have overlapped, and clocks step
        toMs: Math.max(lastAtMs ?? nextAtMs, nextAtMs),
        cause: "gone",
      });
      return true;
    },
    reopen({ source, lastSeq }) {
      gaps.remove(source, lastSeq + 1);
      setClosed.run(0, source);
    },
  };
}
