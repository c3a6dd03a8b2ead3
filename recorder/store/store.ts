import type { WallMs } from "../../shared/clock.js";
import type { Frame } from "../../shared/frame.js";
import { passingCause } from "./connection.js";
import { openDatabase } from "./database.js";
import { bytesOf } from "./disk.js";
import { openLatecomers } from "./latecomers.js";
import { openLedger, type GapCause } from "./ledger.js";
import { openRows } from "./rows.js";
import { openUpkeep, type Fault, type Upkeep } from "./upkeep.js";

export interface Committed {
  readonly kind: "committed";
  readonly stored: number;
  /** Frames that were there already. */
  readonly duplicates: number;
  /** Gaps that opened. */
  readonly gaps: number;
}

/** Nothing of it happened, for a reason that may pass. */
export interface Failed {
  readonly kind: "failed";
  readonly cause: string;
}

/** What became of a batch: all of it, or nothing of it. */
export type Outcome = Committed | Failed;

/** The history, and the only connection to it. */
export interface Store extends AsyncDisposable {
  readonly path: string;
  /** Stores a batch in one transaction, each frame of a run once, with the gaps between them. */
  commit(frames: readonly Frame[], cause: GapCause): Outcome;
  /** The newest cycle of all; null where there is none. */
  newestMs(): number | null;
  /** Does something to the history other than adding to it. */
  tend<T>(work: (upkeep: Upkeep) => T): T | Failed;
  size(): { readonly dbBytes: number; readonly walBytes: number };
}

/** @throws Failure when the file or its place is of no use, or the file is of a newer version */
export function openStore(path: string, now: WallMs, fault?: Fault): Store {
  const db = openDatabase(path, now);
  const ledger = openLedger(db);
  const rows = openRows(db);
  const latecomers = openLatecomers(db);
  const upkeep = openUpkeep(db, fault);

  const write = db.transaction(
    (frames: readonly Frame[], cause: GapCause): Committed => {
      const done = { stored: 0, duplicates: 0, gaps: 0 };
      for (const frame of frames) {
        const admission = ledger.admit(frame, cause);
        if (admission.kind === "duplicate") {
          done.duplicates++;
          continue;
        }
        if (!latecomers.merge(admission.run, frame))
          rows.insert(admission.run, frame);
        done.stored++;
        if (admission.opensGap) done.gaps++;
      }
      return { kind: "committed", ...done };
    },
  );

  const attempt = <T>(work: () => T): T | Failed => {
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
    commit: (frames, cause) => attempt(() => write.immediate(frames, cause)),
    newestMs() {
      const each = upkeep.wans().map((wan) => upkeep.newestMs(wan) ?? 0);
      return each.length === 0 ? null : Math.max(...each) || null;
    },
    tend: (work) => attempt(() => work(upkeep)),
    size: () => ({ dbBytes: bytesOf(path), walBytes: bytesOf(`${path}-wal`) }),
    [Symbol.asyncDispose]() {
      // closing does it too, but not while somebody else reads
      attempt(() => db.pragma("wal_checkpoint(TRUNCATE)"));
      db.close();
      return Promise.resolve();
    },
  };
}
