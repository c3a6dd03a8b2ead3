import type { Connection } from "./connection.js";

/** Why frames are lost for good. */
export type GapCause =
  /** The sender no longer holds them. */
  | "expired"
  /** The sender is gone. */
  | "gone"
  /** They arrived and were refused. */
  | "refused";

/** Seqs of one run that are not stored, and the times of the frames around them. */
export interface SeqRange {
  readonly fromSeq: number;
  /** null: unknown */
  readonly toSeq: number | null;
  /** null before the first frame */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export interface StoredGap extends SeqRange {
  readonly cause: GapCause;
}

/** The ranges of one table, `missing` or `gap`. A run's ranges never overlap, within a table or between them. */
export interface Ranges<R extends SeqRange> {
  add(source: number, range: R): void;
  remove(source: number, fromSeq: number): void;
  /** Removes from..to, which one range must cover, and returns it. @param at time of the frame that arrived */
  take(
    source: number,
    seqs: { readonly from: number; readonly to: number },
    at: number | null,
  ): R | undefined;
  /** A frame was stored: sets its time as a bound of the ranges next to it. */
  bound(source: number, seq: number, at: number): void;
  covering(source: number, seq: number): R | undefined;
  /** In order, at most a thousand; the rest follows when these are done. */
  of(source: number): R[];
}

const RANGES_MAX = 1_000;

const COLUMNS =
  "from_seq as fromSeq, to_seq as toSeq, from_ms as fromMs, to_ms as toMs";

/** Seqs not received yet. */
export const openMissing = (db: Connection): Ranges<SeqRange> =>
  openRanges(
    db,
    "missing",
    COLUMNS,
    (source, { fromSeq, toSeq, fromMs, toMs }) => [
      source,
      fromSeq,
      toSeq,
      fromMs,
      toMs,
    ],
  );

/** Seqs given up. */
export const openGaps = (db: Connection): Ranges<StoredGap> =>
  openRanges(
    db,
    "gap",
    `${COLUMNS}, cause`,
    (source, { fromSeq, toSeq, fromMs, toMs, cause }) => [
      source,
      fromSeq,
      toSeq,
      fromMs,
      toMs,
      cause,
    ],
  );

function openRanges<R extends SeqRange>(
  db: Connection,
  table: string,
  columns: string,
  values: (source: number, range: R) => unknown[],
): Ranges<R> {
  const find = db.prepare<[number, number], R>(
    `select ${columns} from ${table} where source = ? and from_seq <= ? order by from_seq desc limit 1`,
  );
  const findAll = db.prepare<[number], R>(
    `select ${columns} from ${table} where source = ? order by from_seq limit ${RANGES_MAX}`,
  );
  const places = columns.split(",").map(() => ", ?");
  const names = columns.replaceAll(/ as \w+/g, "");
  const insert = db.prepare(
    `insert into ${table} (source, ${names}) values (?${places.join("")})`,
  );
  const drop = db.prepare(
    `delete from ${table} where source = ? and from_seq = ?`,
  );
  const boundAbove = db.prepare(
    `update ${table} set to_ms = ? where source = ? and from_seq = ?`,
  );
  const boundBelow = db.prepare(
    `update ${table} set from_ms = ? where source = ? and from_seq = ?`,
  );

  function covering(source: number, seq: number): R | undefined {
    const range = find.get(source, seq);
    return range && (range.toSeq ?? Infinity) >= seq ? range : undefined;
  }

  function add(source: number, range: R): void {
    if (range.fromSeq <= (range.toSeq ?? Infinity))
      insert.run(...values(source, range));
  }

  return {
    add,
    covering,
    remove: (source, fromSeq) => void drop.run(source, fromSeq),
    of: (source) => findAll.all(source),
    take(source, { from, to }, at) {
      const range = covering(source, from);
      if (range === undefined || range.toSeq === null) return undefined;
      drop.run(source, range.fromSeq);
      add(source, { ...range, toSeq: from - 1, toMs: at ?? range.toMs });
      add(source, { ...range, fromSeq: to + 1, fromMs: at ?? range.fromMs });
      return { ...range, fromSeq: from, toSeq: to };
    },
    bound(source, seq, at) {
      const below = find.get(source, seq - 1);
      if (below?.toSeq === seq - 1) boundAbove.run(at, source, below.fromSeq);
      boundBelow.run(at, source, seq + 1);
    },
  };
}
