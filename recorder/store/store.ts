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

/** A frame that came and could not be taken, at `at` by our clock. */
type Refusal = Identity & {
  readonly kind: "refused";
  readonly at: number;
};

/** What came: to be stored, or only to be accounted for. */
export type Arrival = Frame | Refusal;

export interface Committed {
  readonly kind: "committed";
  readonly stored: number;
  /** Frames that were there already. */
  readonly duplicates: number;
  /** Holes that opened. They may yet be filled, or become gaps. */
  readonly holes: number;
  readonly gaps: number;
  /** Samples of one series too many. */
  readonly beyond: number;
}

/** Nothing is given up. */
const ALL_OFFERED: RingStates = {
  firstHeld: () => null,
  presence: () => "offered",
};

/** Nothing of it happened, for a reason that may pass. */
export interface Failed {
  readonly kind: "failed";
  readonly cause: string;
  /** A new connection may do better. */
  readonly isStale?: boolean;
}

/** What became of a batch: all of it, or nothing of it. */
type Outcome = Committed | Failed;

/** The history, and the only connection to it. */
export interface Store extends AsyncDisposable {
  readonly path: string;
  /** To be read within `tend`, as anything that may fail. */
  readonly records: Records;
  /**
   * Stores a batch in one transaction, each frame of a run once, with what is missing between and what never comes.
   * @param nowMs what the clock says: nothing is taken for rolled up or expired beyond it
   */
  commit(
    arrivals: readonly Arrival[],
    presences?: RingStates,
    nowMs?: number,
  ): Outcome;
  /** What of a run may be asked for; null where it cannot be read at the moment. */
  standing(name: string, boot: string): RunStanding | null;
  /** The last runs that did not say that they stop, with a frame since `fromMs`; null where they cannot be read at the moment. */
  unfinished(fromMs: number): readonly LastRun[] | null;
  /** The WANs that have a history; null if it cannot be read at the moment. */
  names(): readonly string[] | null;
  /** How many frames are not yet had; null where it cannot be read at the moment. */
  missing(): number | null;
  /** The newest cycle of all that is no later than an instant; null where there is none. */
  newestMs(atMostMs?: number): number | null;
  /** Does something to the history other than adding to it. */
  tend<T>(work: (upkeep: Upkeep) => T): T | Failed;
  size(): { readonly dbBytes: number; readonly walBytes: number };
  /** Lets go of a file that is not to be written any more. */
  drop(): void;
}

/** @throws Failure when the file or its place is of no use, or the file is of a newer version */
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
