import type { Frame, Identity } from "../../shared/contract/frame.js";
import type { WallMs } from "../../shared/runtime/clock.js";
import { fault } from "../fault.js";
import type { RingStates } from "../ingest/ring-availability.js";
import { isStale, passingCause } from "./connection.js";
import { type CycleOfRun, openLateCycles, openRows } from "./cycles/cycles.js";
import { openDatabase } from "./database.js";
import { bytesOf } from "./disk.js";
import { openStateLedger, type RunStanding } from "./ledger.js";
import { openRecords, type Records } from "./records.js";
import { openAhead } from "./rollup/ahead.js";
import { type LastRun, openRuns } from "./runs.js";
import { openSeries } from "./samples.js";
import { openUpkeep, type Upkeep, type UpkeepFault } from "./upkeep.js";

/** A frame that arrived and was refused, at `at` by our clock. */
type Refusal = Identity & {
  readonly kind: "refused";
  readonly at: number;
};

/** A frame to be stored, or a refused one to be accounted for. */
export type Arrival = Frame | Refusal;

export interface Committed {
  readonly kind: "committed";
  readonly stored: number;
  /** Frames that were stored already. */
  readonly duplicates: number;
  /** New holes; they may still be filled, or become gaps. */
  readonly holes: number;
  readonly gaps: number;
  /** Samples refused because their WAN has too many series. */
  readonly beyond: number;
}

/** Gives up no frames. */
const ALL_OFFERED: RingStates = {
  firstHeld: () => null,
  presence: () => "offered",
};

/** The operation was rolled back, for a reason that may be temporary. */
export interface Failed {
  readonly kind: "failed";
  readonly cause: string;
  /** A new connection may help. */
  readonly isStale?: boolean;
}

/** The result of a batch, which is stored as a whole or not at all. */
type Outcome = Committed | Failed;

/** The history, and the only connection to it. */
export interface Store extends AsyncDisposable {
  readonly path: string;
  /** Read only inside `tend`: reads may fail. */
  readonly records: Records;
  /**
   * Stores a batch in one transaction, each frame once, and records missing frames and gaps.
   * @param nowMs the wall clock: progress marks beyond it are reset
   */
  commit(
    arrivals: readonly Arrival[],
    presences?: RingStates,
    nowMs?: number,
  ): Outcome;
  /** What may be requested of a run; null if it cannot be read now. */
  standing(name: string, boot: string): RunStanding | null;
  /** Last runs that ended without `stopping`, with a frame since `fromMs`; null if they cannot be read now. */
  unfinished(fromMs: number): readonly LastRun[] | null;
  /** The WANs that have a history; null if they cannot be read now. */
  names(): readonly string[] | null;
  /** The number of missing frames; null if it cannot be read now. */
  missing(): number | null;
  /** The newest cycle of all WANs no later than an instant; null if there is none. */
  newestMs(atMostMs?: number): number | null;
  /** Runs maintenance or reads. */
  tend<T>(work: (upkeep: Upkeep) => T): T | Failed;
  size(): { readonly dbBytes: number; readonly walBytes: number };
  /** Closes a file that must not be written any more. */
  drop(): void;
}

/** @throws Failure if the file or its folder cannot be used, or the file is of a newer version */
export function openStore(
  path: string,
  now: WallMs,
  whileTending: UpkeepFault = fault,
): Store {
  const db = openDatabase(path, now);
  const ledger = openStateLedger(db);
  const runs = openRuns(db);
  const rows = openRows(db);
  const records = openRecords(db);
  const { cycles } = records;

  const countMissing = db
    .prepare<[], number>("select total(to_seq - from_seq + 1) from missing")
    .pluck();
  const ahead = openAhead(db);
  const series = openSeries(db);
  const lateCycles = openLateCycles(db);
  const upkeep = openUpkeep(db, cycles, whileTending);

  const write = db.transaction(
    (
      arrivals: readonly Arrival[],
      presences: RingStates,
      nowMs: number,
    ): Committed => {
      ahead.bringBack(nowMs);
      const done = { stored: 0, duplicates: 0, holes: 0, gaps: 0, beyond: 0 };
      const newCycles: CycleOfRun[] = [];
      for (const arrival of arrivals) {
        if (arrival.kind === "refused") {
          ledger.refuse(arrival, arrival.at);
          continue;
        }
        if (arrival.kind === "sample") {
          const { source, metric, labels } = arrival;
          if (!series.admits(source, metric, labels)) {
            ledger.refuse(arrival, arrival.at);
            done.beyond++;
            continue;
          }
        }
        const admission = ledger.admit(arrival);
        if (admission.kind === "duplicate") {
          done.duplicates++;
          continue;
        }
        const { run } = admission;
        upkeep.touch(run.wan);
        if (!lateCycles.merge(run, arrival)) {
          if (arrival.kind === "cycle") newCycles.push({ run, frame: arrival });
          else rows.insert(run, arrival);
        }
        fault("row-bound");
        done.stored++;
        if (admission.opensHole) done.holes++;
      }
      cycles.insert(newCycles);
      done.gaps = ledger.giveUp(presences);
      fault("before-commit");
      return { kind: "committed", ...done };
    },
  );

  const attempt = <T>(work: () => T): T | Failed => {
    try {
      return work();
    } catch (error) {
      const cause = passingCause(error);
      if (cause === undefined) throw error;
      const failed = { kind: "failed", cause } as const;
      return isStale(error) ? { ...failed, isStale: true } : failed;
    }
  };

  return {
    path,
    records,
    commit(arrivals, presences = ALL_OFFERED, nowMs = Infinity) {
      const outcome = attempt(() =>
        write.immediate(arrivals, presences, nowMs),
      );
      if (arrivals.length > 0) fault("after-commit");
      return outcome;
    },
    standing(name, boot) {
      const standing = attempt(() => ledger.standing(name, boot));
      return "kind" in standing ? null : standing;
    },
    unfinished(fromMs) {
      const found = attempt(() => runs.unfinished(fromMs));
      return "kind" in found ? null : found;
    },
    names() {
      const names = attempt(() => records.wans().map(({ name }) => name));
      return "kind" in names ? null : names;
    },
    missing() {
      const count = attempt(() => countMissing.get() ?? 0);
      return typeof count === "number" ? count : null;
    },
    newestMs(atMostMs) {
      const each = upkeep
        .wans()
        .map((wan) => upkeep.newestMs(wan, atMostMs) ?? 0);
      return each.length === 0 ? null : Math.max(...each) || null;
    },
    tend: (work) => attempt(() => work(upkeep)),
    size: () => ({ dbBytes: bytesOf(path), walBytes: bytesOf(`${path}-wal`) }),
    drop: () => void attempt(() => db.close()),
    [Symbol.asyncDispose]() {
      // closing does it too, but not while another process reads
      attempt(() => db.pragma("wal_checkpoint(TRUNCATE)"));
      attempt(() => db.close());
      return Promise.resolve();
    },
  };
}
