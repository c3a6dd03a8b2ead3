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

/** `stopping` is among a run's last frames: within this many seqs, and this time, ms, of the last one. */
const LAST_WORDS = 20;
const LAST_WORDS_MS = MINUTE_MS;

/**
 * The ends of runs. A run that ended without `stopping` may have sent more frames than were received: a gap of unknown
 * length, from its last frame to the first of the next run.
 *
 *     run 1:  ... 41 42 43 ? ?                  43 is the last frame stored
 *     run 2:                       1 2 3 ...    the gap is from 43 of run 1 to 1 of run 2
 */
interface Endings {
  /** Closes a run that is gone, once it is known how it ended. @returns whether it left a gap */
  close(run: Run): boolean;
  /** The run was not gone after all. */
  reopen(run: Run): void;
}

function openEndings(db: Connection, gaps: Ranges<StoredGap>): Endings {
  const saidStopping = db.prepare<[number, number, number]>(
    "select 1 from event where at_ms > ? and source = ? and seq > ? and kind = 'stopping'",
  );
  // the next run: one with a higher id, or, if its own frames came late, an open one with a later time;
  // null while the first frames of that run are missing, as its start is unknown then
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
        // runs may overlap, and clocks may step
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

/** Name of the recorder's own run: its events do not use the bus, so they are never missing. */
export const OWN_NAME = "recorder";

/** The seqs of a run that are not stored but may be available. */
export interface RunStanding {
  /** Every seq up to here is stored or given up. */
  readonly committed: number;
  /** Ranges that may be requested, in order; the last is open-ended. */
  readonly open: readonly SeqRange[];
}

/**
 * Accounts for every seq of every run. Invariant: each seq of a run up to its last is either stored, or in exactly one
 * row of `missing`, or in exactly one of `gap`. Must be used in the transaction that stores the frame.
 */
interface Ledger {
  /** Enters a frame; frames may come in any order. */
  admit(frame: Frame): Admission;
  /** Enters a frame that was refused, at `at` by our clock. @returns whether it was not accounted for before */
  refuse(identity: Identity, at: number): boolean;
  /** Turns missing ranges that can no longer be obtained into gaps. @returns the number of new gaps */
  giveUp(presences: RingStates): number;
  standing(name: string, boot: string): RunStanding;
}

export function openStateLedger(db: Connection): Ledger {
  const runs = openRuns(db);
  const missing = openMissing(db);
  const gaps = openGaps(db);
  const endings = openEndings(db, gaps);

  /** Adds a gap; extends the one before it if the cause is the same. @returns whether it is a new one */
  function addGap(source: number, gap: StoredGap): boolean {
    const before = gaps.covering(source, gap.fromSeq - 1);
    const isSame = before?.cause === gap.cause && before.toSeq !== null;
    const { fromSeq, fromMs } = isSame ? before : gap;
    if (isSame) gaps.remove(source, fromSeq);
    gaps.add(source, { ...gap, fromSeq, fromMs });
    return !isSame;
  }

  /** Advances a run to `seq`; skipped seqs are missing. @returns whether there are any */
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

  /** Removes a late frame from the range it is missing in. @returns whether it was missing */
  function fill(source: number, seq: number, at: number): boolean {
    const one = { from: seq, to: seq };
    const found = missing.take(source, one, at) ?? gaps.take(source, one, at);
    return found !== undefined;
  }

  /** Turns the missing seqs of a run up to `toSeq` into gaps. */
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
      // ranges before the newest frame have their bounds already, and there are none after it
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

/** Given up because the sender was gone; requested again if it is back. */
const isBackInReach = ({ cause, toSeq }: StoredGap): boolean =>
  cause === "gone" && toSeq !== null;
