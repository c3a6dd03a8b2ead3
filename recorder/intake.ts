import { since, type Clock, type MonoMs } from "../shared/clock.js";
import { decodeFrame, FrameError, type Frame } from "../shared/frame.js";
import type { Log } from "../shared/log.js";
import { openRefusals, type Refusals } from "./refusals.js";
import { createSources, type Sources } from "./sources.js";
import type { Committed, Store } from "./store/store.js";

/** 16 minutes of two controllers: what is kept in memory while the database cannot be written. */
const WAITING_MAX = 40_000;

/** 10 s of two controllers. */
const WAITING_USUAL = 400;

/** A clock may be a little ahead of ours; a frame from further in the future would outlive every retention. */
const FUTURE_MS = 60_000;

/** Counted since the start. */
export interface Counts {
  /** Good frames that came. */
  readonly frames: number;
  readonly committed: number;
  readonly duplicates: number;
  readonly gaps: number;
  /** Frames given up because the database could not be written for too long. */
  readonly dropped: number;
  /** Keys in frames that this program does not know. */
  readonly unknownKeys: number;
}

/** What comes from the bus on its way to the store: one batch, committed from a timer. */
export interface Intake extends AsyncDisposable {
  /** Takes one message of any origin. */
  take(message: Uint8Array): void;
  /** Commits what has come. What cannot be written stays for the next time, the oldest given up beyond a bound. */
  commit(): void;
  readonly counts: Counts;
  readonly refusals: Refusals;
  readonly sources: Sources;
  /** How many frames wait for a commit. */
  readonly waiting: number;
  /** More frames wait than come between two commits: all else can wait. */
  readonly behind: boolean;
  /** Why nothing can be written at the moment, else null. */
  readonly failing: string | null;
  readonly lastCommit: { readonly at: MonoMs; readonly tookMs: number } | null;
}

/** @param waitingMax frames kept while nothing can be written */
export function openIntake(
  store: Store,
  clock: Clock,
  log: Log,
  waitingMax = WAITING_MAX,
): Intake {
  const refusals = openRefusals(clock, log);
  const sources = createSources();
  const counts = {
    frames: 0,
    committed: 0,
    duplicates: 0,
    gaps: 0,
    dropped: 0,
    unknownKeys: 0,
  };
  let waiting: Frame[] = [];
  let droppedNow = false;
  let failing: string | null = null;
  let lastCommit: Intake["lastCommit"] = null;

  function accept(frame: Frame): void {
    const { source: name, boot } = frame;
    if (sources.hear(frame, clock.mono()))
      log.info("source_seen", { source: name, boot });
    counts.frames++;
    waiting.push(frame);
    if (waiting.length <= waitingMax) return;
    waiting.shift();
    counts.dropped++;
    droppedNow = true;
  }

  function written({ stored, duplicates, gaps }: Committed, begun: MonoMs) {
    counts.committed += stored;
    counts.duplicates += duplicates;
    counts.gaps += gaps;
    sources.stored(waiting);
    if (failing !== null) log.info("write_back", { frames: waiting.length });
    failing = null;
    waiting = [];
    droppedNow = false;
    const at = clock.mono();
    lastCommit = { at, tookMs: since(begun, at) };
  }

  function refused(cause: string): void {
    if (failing === null)
      log.error("write_failed", { cause, waiting: waiting.length });
    failing = cause;
  }

  function commit(): void {
    const begun = clock.mono();
    for (const { name, boot } of sources.sweep(begun))
      log.info("source_gone", { source: name, boot });
    if (waiting.length === 0) return;
    const outcome = store.commit(
      waiting,
      droppedNow ? "not written" : "not received",
    );
    if (outcome.kind === "committed") written(outcome, begun);
    else refused(outcome.cause);
  }

  return {
    take(message) {
      const decoded = decode(message);
      if (typeof decoded === "string") {
        refusals.add(decoded);
        return;
      }
      const { frame, unknownKeys } = decoded;
      counts.unknownKeys += unknownKeys;
      const aheadMs = frame.at - clock.wall();
      if (aheadMs > FUTURE_MS)
        refusals.add(
          `Cannot take frame of '${frame.source}': at most ${FUTURE_MS / 1e3} s ahead of this clock: got ${(aheadMs / 1e3).toFixed(0)} s`,
        );
      else accept(frame);
    },
    commit,
    counts,
    refusals,
    sources,
    get waiting() {
      return waiting.length;
    },
    get behind() {
      return waiting.length > WAITING_USUAL && failing === null;
    },
    get failing() {
      return failing;
    },
    get lastCommit() {
      return lastCommit;
    },
    [Symbol.asyncDispose]() {
      commit();
      return Promise.resolve();
    },
  };
}

/** The frame, or why it is none. */
function decode(message: Uint8Array): ReturnType<typeof decodeFrame> | string {
  try {
    return decodeFrame(message);
  } catch (error) {
    if (error instanceof FrameError) return error.message;
    throw error;
  }
}
