import type { Frame, Identity } from "../../shared/contract/frame.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import type { RingStates } from "../ingest/ring-availability.js";
import type { Connection } from "./connection.js";
import {
  openGaps,
  openMissing,
  type Ranges,
  type SeqRange,
  type StoredGap,
} from "./ranges.js";
import { openRuns, type Run } from "./runs.js";

/** A run says `stopping` as its last word, or nearly: what a router answers meanwhile may come after it. */
const LAST_WORDS = 20;
const LAST_WORDS_MS = MINUTE_MS;

/**
 * How runs end. One that did not say `stopping` may have sent more than was ever heard of: a gap of unknown length, from
 * its last frame to the first of the run that followed.
 *
 *     run 1:  ... 41 42 43 ? ?                  43 is the last that is stored
 *     run 2:                       1 2 3 ...    the gap reaches from 43 of run 1 to 1 of run 2
 */
interface Endings {
  /** Closes a run that is gone, once it is known how it ended. Says whether it left a gap. */
  close(run: Run): boolean;
  /** It was not gone after all. */
  reopen(run: Run): void;
}

function openEndings(db: Connection, gaps: Ranges<StoredGap>): Endings {
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

type Admission =
  | { readonly kind: "new"; readonly run: Run; readonly opensHole: boolean }
  | { readonly kind: "duplicate" };

/** The recorder's own events do not pass the bus, so they are never missing. */
export const OWN_NAME = "recorder";

/** What of a run is not stored but might be had. */
export interface RunStanding {
  /** Every seq up to here is stored or will never be. */
  readonly committed: number;
  /** Seqs that may be asked for, in order; the last goes on for ever. */
  readonly open: readonly SeqRange[];
}

/**
 * Accounts for every seq of every run. Holds after every step: each seq of a run up to its last is either stored, or in exactly one row
 * of `missing`, or in exactly one of `gap`. Used within the transaction that stores the frame, or the two would part.
 */
interface Ledger {
  /** Enters a frame, whatever the order frames come in. */
  admit(frame: Frame): Admission;
  /** Enters a frame that came and could not be taken, at `at` by our clock. Says whether that is news. */
  refuse(identity: Identity, at: number): boolean;
  /** Turns into gaps what is missing and can no longer be had. Says how many gaps that made. */
  giveUp(presences: RingStates): number;
  standing(name: string, boot: string): RunStanding;
}

export function openStateLedger(db: Connection): Ledger {
  const runs = openRuns(db);
  const missing = openMissing(db);
  const gaps = openGaps(db);
  const endings = openEndings(db, gaps);

  /** A gap that goes on where one of the same cause ended is still the same one. Says whether it is another. */
  function addGap(source: number, gap: StoredGap): boolean {
    const before = gaps.covering(source, gap.fromSeq - 1);
    const isSame = before?.cause === gap.cause && before.toSeq !== null;
    const { fromSeq, fromMs } = isSame ? before : gap;
    if (isSame) gaps.remove(source, fromSeq);
    gaps.add(source, { ...gap, fromSeq, fromMs });
    return !isSame;
  }

  /** Takes a run forward to `seq`; what it leaps over is missing. Says whether anything is. */
  function advance(run: Run, seq: number, at: number): boolean {
    if (run.isClosed) endings.reopen(run);
    const { lastSeq, lastAtMs } = run;
    missing.add(run.source, {
      fromSeq: lastSeq + 1,
      toSeq: seq - 1,
      fromMs: lastAtMs,
      toMs: at,
    });
    return seq > lastSeq + 1;
  }

  /** A frame that comes after a later one ends the range it was missed in, or splits it. */
  function fill(source: number, seq: number, at: number): boolean {
    const one = { from: seq, to: seq };
    const found = missing.take(source, one, at) ?? gaps.take(source, one, at);
    return found !== undefined;
  }

  /** What is missing of a run up to `toSeq` will never be had. */
  function lose(run: Run, toSeq: number, cause: "expired" | "gone"): number {
    let made = 0;
    for (const range of missing.of(run.source)) {
      const to = Math.min(toSeq, range.toSeq ?? toSeq);
      if (range.fromSeq > to) break;
      missing.take(run.source, { from: range.fromSeq, to }, null);
      if (addGap(run.source, { ...range, toSeq: to, cause })) made++;
    }
    return made;
  }

  return {
    admit({ source: name, boot, seq, at }) {
      const run = runs.find(name, boot) ?? runs.begin(name, boot, at);
      const { source } = run;
      const isNewest = seq > run.lastSeq;
      const opensHole = isNewest && advance(run, seq, at);
      if (isNewest) runs.advance(source, seq, at);
      else if (fill(source, seq, at)) runs.begunBy(source, at);
      else return { kind: "duplicate" };
      gaps.bound(source, seq, at);
      // what is missing before the newest has its bounds already, and nothing lies behind it
      if (!isNewest) missing.bound(source, seq, at);
      return { kind: "new", run, opensHole };
    },

    refuse({ source: name, boot, seq }, at) {
      const run = runs.find(name, boot) ?? runs.begin(name, boot, at);
      const { source, lastSeq, lastAtMs } = run;
      const range: SeqRange | undefined =
        seq > lastSeq
          ? { fromSeq: seq, toSeq: seq, fromMs: lastAtMs, toMs: at }
          : missing.take(source, { from: seq, to: seq }, null);
      if (range === undefined) return false;
      if (seq > lastSeq) {
        advance(run, seq, at);
        runs.advance(source, seq, lastAtMs ?? at);
      }
      addGap(source, { ...range, cause: "refused" });
      return true;
    },

    giveUp(presences) {
      let made = 0;
      for (const run of runs.open()) {
        const { source, name, boot, lastSeq } = run;
        if (name === OWN_NAME) continue;
        const first = presences.firstHeld(name, boot);
        if (first !== null) made += lose(run, first - 1, "expired");
        const how = presences.presence(name, boot);
        if (how !== "offered") made += lose(run, lastSeq, "gone");
        const isOver = how === "gone" && missing.of(source).length === 0;
        if (isOver && endings.close(run)) made++;
      }
      return made;
    },

    standing(name, boot) {
      const run = runs.find(name, boot);
      const lastSeq = run?.lastSeq ?? 0;
      const rest = { toSeq: null, fromMs: null, toMs: null };
      const beyond = { fromSeq: lastSeq + 1, ...rest };
      if (run === undefined) return { committed: 0, open: [beyond] };
      const holes = missing.of(run.source);
      const lost = gaps.of(run.source).filter(isBackInReach);
      return {
        committed: (holes[0]?.fromSeq ?? lastSeq + 1) - 1,
        open: [...holes, ...lost, beyond].sort((a, b) => a.fromSeq - b.fromSeq),
      };
    },
  };
}

/** Given up because its sender was gone; if it is back, it is asked for once more. */
const isBackInReach = ({ cause, toSeq }: StoredGap): boolean =>
  cause === "gone" && toSeq !== null;
