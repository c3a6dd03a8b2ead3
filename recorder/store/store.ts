import { statSync } from "node:fs";
import type { WallMs } from "../../shared/clock.js";
import type { Frame } from "../../shared/frame.js";
import { passingCause } from "./connection.js";
import { openCycles, type CycleOfRun, type Cycles } from "./cycles.js";
import { openDatabase } from "./database.js";
import { openLedger, type GapCause } from "./ledger.js";
import { openRows } from "./rows.js";

export interface Committed {
  readonly kind: "committed";
  readonly stored: number;
  /** Frames that were there already. */
  readonly duplicates: number;
  /** Gaps that opened. */
  readonly gaps: number;
}

/** What became of a batch: all of it, or nothing of it for a reason that may pass. */
export type Outcome =
  Committed | { readonly kind: "failed"; readonly cause: string };

/** The history, and the only connection to it. */
export interface Store extends AsyncDisposable {
  readonly path: string;
  readonly cycles: Cycles;
  /** Stores a batch in one transaction, each frame of a run once, with the gaps between them. */
  commit(frames: readonly Frame[], cause: GapCause): Outcome;
  size(): { readonly dbBytes: number; readonly walBytes: number };
}

/** @throws Failure when the file or its place is of no use, or the file is of a newer version */
export function openStore(path: string, now: WallMs): Store {
  const db = openDatabase(path, now);
  const ledger = openLedger(db);
  const rows = openRows(db);
  const cycles = openCycles(db);

  const write = db.transaction(
    (frames: readonly Frame[], cause: GapCause): Committed => {
      const done = { stored: 0, duplicates: 0, gaps: 0 };
      const newCycles: CycleOfRun[] = [];
      for (const frame of frames) {
        const admission = ledger.admit(frame, cause);
        if (admission.kind === "duplicate") {
          done.duplicates++;
          continue;
        }
        const { run } = admission;
        if (frame.kind === "cycle") newCycles.push({ run, frame });
        else rows.insert(run, frame);
        done.stored++;
        if (admission.opensGap) done.gaps++;
      }
      cycles.insert(newCycles);
      return { kind: "committed", ...done };
    },
  );

  const attempt = <T>(
    work: () => T,
  ): T | Extract<Outcome, { kind: "failed" }> => {
    try {
      return work();
    } catch (error) {
      const cause = passingCause(error);
      if (cause === undefined) throw error;
      return { kind: "failed", cause };
    }
  };

  return {
    path,
    cycles,
    commit: (frames, cause) => attempt(() => write.immediate(frames, cause)),
    size: () => ({ dbBytes: bytesOf(path), walBytes: bytesOf(`${path}-wal`) }),
    [Symbol.asyncDispose]() {
      // closing does it too, but not while somebody else reads
      attempt(() => db.pragma("wal_checkpoint(TRUNCATE)"));
      db.close();
      return Promise.resolve();
    },
  };
}

const bytesOf = (path: string): number =>
  statSync(path, { throwIfNoEntry: false })?.size ?? 0;
