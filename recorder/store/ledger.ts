import type { Frame } from "../../shared/frame.js";
import type { Connection } from "./connection.js";

/** Why frames are missing. */
export type GapCause = "not received" | "not written";

/** One run of one process. */
export interface Run {
  readonly source: number;
  readonly wan: number;
}

export type Admission =
  | { readonly kind: "new"; readonly run: Run; readonly opensGap: boolean }
  | { readonly kind: "duplicate" };

interface Position extends Run {
  readonly lastSeq: number;
  /** null before the first frame */
  readonly lastAtMs: number | null;
}

interface Gap {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly cause: string;
}

/**
 * Who has sent what. Holds after every frame: each seq of a run up to its last is either stored or in exactly one gap,
 * never both. Used within the transaction that stores the frame, or the two would part.
 */
export interface Ledger {
  /** Enters a frame, whatever the order frames come in. @param cause of the gap it opens, if it does */
  admit(frame: Frame, cause: GapCause): Admission;
}

export function openLedger(db: Connection): Ledger {
  const findRun = db.prepare<[string, string], Position>(
    `select s.id as source, s.wan, s.last_seq as lastSeq, s.last_at_ms as lastAtMs
       from source s join wan w on w.id = s.wan where w.name = ? and s.boot = ?`,
  );
  const addWan = db.prepare(
    "insert into wan (name) values (?) on conflict (name) do nothing",
  );
  const addRun = db.prepare(
    `insert into source (wan, boot, first_at_ms, last_at_ms, last_seq)
       select id, ?, ?, ?, 0 from wan where name = ?`,
  );
  const advance = db.prepare(
    "update source set last_seq = ?, last_at_ms = ? where id = ?",
  );
  const begunEarlier = db.prepare(
    "update source set first_at_ms = min(first_at_ms, ?) where id = ?",
  );
  const findGap = db.prepare<[number, number, number], Gap>(
    `select from_seq as fromSeq, to_seq as toSeq, from_ms as fromMs, to_ms as toMs, cause
       from gap where source = ? and from_seq <= ? and to_seq >= ?
       order by from_seq desc limit 1`,
  );
  const dropGap = db.prepare(
    "delete from gap where source = ? and from_seq = ?",
  );
  const insertGap = db.prepare("insert into gap values (?, ?, ?, ?, ?, ?, ?)");

  const addGap = (source: number, gap: Gap): boolean => {
    const { fromSeq, toSeq, fromMs, toMs, cause } = gap;
    const count = toSeq - fromSeq + 1;
    if (count > 0)
      insertGap.run(source, fromSeq, toSeq, fromMs, toMs, count, cause);
    return count > 0;
  };

  function begin({ source, boot, at }: Frame): Position {
    addWan.run(source);
    addRun.run(boot, at, at, source);
    return { ...(findRun.get(source, boot) as Position), lastAtMs: null };
  }

  /** A frame that comes after a later one ends the gap it was missed in, or splits it. */
  function fill({ source }: Run, { seq, at }: Frame): boolean {
    const gap = findGap.get(source, seq, seq);
    if (gap === undefined) return false;
    dropGap.run(source, gap.fromSeq);
    addGap(source, { ...gap, toSeq: seq - 1, toMs: at });
    addGap(source, { ...gap, fromSeq: seq + 1, fromMs: at });
    begunEarlier.run(at, source);
    return true;
  }

  return {
    admit(frame, cause) {
      const { seq, at } = frame;
      const run = findRun.get(frame.source, frame.boot) ?? begin(frame);
      if (seq <= run.lastSeq)
        return fill(run, frame)
          ? { kind: "new", run, opensGap: false }
          : { kind: "duplicate" };
      const opensGap = addGap(run.source, {
        fromSeq: run.lastSeq + 1,
        toSeq: seq - 1,
        fromMs: run.lastAtMs,
        toMs: at,
        cause,
      });
      advance.run(seq, at, run.source);
      return { kind: "new", run, opensGap };
    },
  };
}
