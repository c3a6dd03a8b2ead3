import type { CycleFrame, Frame } from "../../../shared/contract/frame.js";
import type { RowField } from "../../../shared/contract/row.js";
import { type Bucket, bucketOf, mergeBuckets } from "../../tiers/rollup.js";
import {
  bucketEnd,
  bucketStart,
  COARSER,
  COARSEST,
  FINEST_ROLLED,
  ROLLED_TIERS,
  type RolledTier,
} from "../../tiers/tier.js";
import type { Connection } from "../connection.js";
import { openBuckets } from "../rollup/buckets.js";
import { openProgress } from "../rollup/progress.js";
import type { Run } from "../runs.js";
import { inSampleUnits, openSeries } from "../samples.js";
import {
  CYCLE_COLUMNS,
  type CycleValues,
  FIELDS,
  SLOT_MS,
  slotOf,
} from "./columns.js";
import { type Columns, openPackedCycles } from "./packed.js";

/** Turns frames into rows, but for cycles: see cycles.ts. Plain inserts: what is refused here was admitted by mistake, and throws. */
interface Rows {
  insert(run: Run, frame: Exclude<Frame, CycleFrame>): void;
}

export function openRows(db: Connection): Rows {
  const insertEvent = db.prepare(
    "insert into event (at_ms, source, seq, wan, kind, details) values (?, ?, ?, ?, ?, ?)",
  );
  const insertSample = db.prepare(
    "insert into sample (series, at_ms, source, seq, value) values (?, ?, ?, ?, ?)",
  );
  const series = openSeries(db);

  return {
    insert({ source, wan }, frame) {
      const { seq, at } = frame;
      const addEvent = (kind: string, details: object) =>
        insertEvent.run(at, source, seq, wan, kind, JSON.stringify(details));
      switch (frame.kind) {
        case "sample": {
          const id = series.idOf(wan, frame.metric, frame.labels);
          insertSample.run(id, at, source, seq, frame.value);
          break;
        }
        case "event":
          addEvent(frame.event, frame.detail);
          break;
        case "config": {
          const { trigger, config } = frame;
          addEvent("config", { trigger, config });
          break;
        }
        case "transition": {
          const { direction, from, to, reason } = frame;
          const { deltaUs, threshold, thresholdUs } = frame;
          const numbers = { deltaUs, threshold, thresholdUs };
          addEvent("transition", { direction, from, to, reason, ...numbers });
          break;
        }
      }
    },
  };
}

/** Frames of times that are rolled up already. Used within the transaction that enters the frame into the ledger. */
interface LateCycles {
  /**
   * Where raw data of its time is kept, makes the bucket of a late frame dirty. Where it has expired, merges the frame into
   * the finest tier still kept.
   * @returns whether it was merged: then it is no row of its own
   */
  merge(run: Run, frame: Frame): boolean;
}

export function openLateCycles(db: Connection): LateCycles {
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  const series = openSeries(db);

  /** A bucket of this frame alone; null for what is never rolled up. */
  function alone({ wan }: Run, frame: Frame): Bucket | null {
    const { at: atMs } = frame;
    if (frame.kind === "cycle")
      return bucketOf([{ ...frame, atMs }], [], series.ofCycle(wan));
    if (frame.kind !== "sample") return null;
    const id = series.idOf(wan, frame.metric, frame.labels);
    const value = inSampleUnits(frame.value);
    return bucketOf([], [{ series: id, atMs, value }], []);
  }

  function markDirty(tier: RolledTier, wan: number, atMs: number): void {
    if (atMs < progress.untilMs(tier, wan))
      progress.markDirty(tier, wan, bucketStart(tier, atMs));
  }

  function add(tier: RolledTier, wan: number, atMs: number, bucket: Bucket) {
    const startMs = bucketStart(tier, atMs);
    const known = buckets.between(tier, wan, startMs, bucketEnd(tier, startMs));
    buckets.put(tier, wan, startMs, mergeBuckets([...known, bucket]));
    const next = COARSER[tier];
    if (next !== null) markDirty(next, wan, startMs);
  }

  return {
    merge(run, frame) {
      if (frame.kind !== "cycle" && frame.kind !== "sample") return false;
      const { wan } = run;
      const { at: atMs } = frame;
      if (atMs >= progress.fromMs("raw", wan)) {
        markDirty(FINEST_ROLLED, wan, atMs);
        return false;
      }
      const bucket = alone(run, frame);
      const kept = ROLLED_TIERS.find(
        (tier) => atMs >= progress.fromMs(tier, wan),
      );
      if (bucket !== null) add(kept ?? COARSEST, wan, atMs, bucket);
      return true;
    },
  };
}

/** Cycles as a row of plain columns each: any number of them, and any numbers. */
interface PlainCycles {
  insert(wan: number, cycle: CycleValues): void;
  within(wan: number, fromMs: number, toMs: number): CycleValues[];
  /** The slot of the first cycle that is of this slot or later. */
  slotFrom(wan: number, fromMs: number): number | null;
  oldestMs(wan: number): number | null;
  newestMs(wan: number, atMostMs: number): number | null;
  expire(wan: number, beforeMs: number, limit: number): number;
}

function openPlainCycles(db: Connection): PlainCycles {
  const columns = CYCLE_COLUMNS.join(", ");
  const insert = db.prepare(
    `insert into cycle_plain (wan, at_ms, ${columns}) values (?, ?${", ?".repeat(CYCLE_COLUMNS.length)})`,
  );
  const select = FIELDS.map(
    (field, index) => `${CYCLE_COLUMNS[index] ?? ""} as ${field}`,
  );
  const within = db.prepare<[number, number, number], CycleValues>(
    `select at_ms as atMs, ${select.join(", ")} from cycle_plain where wan = ? and at_ms >= ? and at_ms < ?`,
  );
  const from = db
    .prepare<[number, number], number | null>(
      "select at_ms from cycle_plain where wan = ? and at_ms >= ? order by at_ms limit 1",
    )
    .pluck();
  const newest = db
    .prepare<[number, number], number | null>(
      "select at_ms from cycle_plain where wan = ? and at_ms <= ? order by at_ms desc limit 1",
    )
    .pluck();
  const expire = db.prepare(
    `delete from cycle_plain where (at_ms, wan, source, seq) in
       (select at_ms, wan, source, seq from cycle_plain where wan = ? and at_ms < ? order by at_ms limit ?)`,
  );
  return {
    insert(wan, cycle) {
      insert.run(wan, cycle.atMs, ...FIELDS.map((field) => cycle[field]));
    },
    within: (wan, fromMs, toMs) => within.all(wan, fromMs, toMs),
    slotFrom(wan, fromMs) {
      const atMs = from.get(wan, fromMs) ?? null;
      return atMs === null ? null : slotOf(atMs);
    },
    oldestMs: (wan) => from.get(wan, 0) ?? null,
    newestMs: (wan, atMostMs) => newest.get(wan, atMostMs) ?? null,
    expire: (wan, beforeMs, limit) => expire.run(wan, beforeMs, limit).changes,
  };
}

export type { CycleValues } from "./columns.js";
export type { Columns } from "./packed.js";

export interface CycleOfRun {
  readonly run: { readonly source: number; readonly wan: number };
  readonly frame: CycleFrame;
}

/** Read at once: two minutes. */
const READ_SLOTS = 60;

/** Counted at once: an hour. */
const COUNT_SLOTS = 1_800;

/**
 * The cycles of all WANs, in bits where they fit. Their slot is written anew with each second that adds to it: that is fewer
 * pages than to keep them elsewhere until it is over.
 */
export interface Cycles {
  /** Stores cycles that are not stored yet, of any runs and in any order. */
  insert(cycles: readonly CycleOfRun[]): void;
  /** Those of a WAN from an instant to before another, in order. The database may be changed meanwhile. */
  between(wan: number, fromMs: number, toMs: number): Iterable<CycleValues>;
  /**
   * Some fields of them: some cycles at a time, in order, a few milliseconds' work each. For a fraction of what it takes to
   * read all of each cycle. The database may be changed meanwhile.
   */
  columns(
    wan: number,
    fields: readonly RowField[],
    fromMs: number,
    toMs: number,
  ): Iterable<Columns>;
  /** How many there are: the same, an hour at a time. */
  counts(wan: number, fromMs: number, toMs: number): Iterable<number>;
  oldestMs(wan: number): number | null;
  /** Where the slot begins that has the first cycle from an instant on, or in its slot. */
  firstMs(wan: number, fromMs: number): number | null;
  /** The newest that is no later than an instant. */
  newestMs(wan: number, atMostMs?: number): number | null;
  /**
   * Deletes cycles of a WAN from before an instant, which lies between slots, oldest first, until that is `limit` or a
   * few more. Says how many.
   */
  expire(wan: number, beforeMs: number, limit: number): number;
}

export function openCycles(db: Connection): Cycles {
  const packed = openPackedCycles(db);
  const plain = openPlainCycles(db);
  /** The first slot from this one on that has cycles. */
  const slotFrom = (wan: number, slot: number): number =>
    least([packed.slotFrom(wan, slot), plain.slotFrom(wan, slot * SLOT_MS)]) ??
    Infinity;

  /** Pieces of a range that have cycles, of so many slots. */
  function* pieces(wan: number, fromMs: number, toMs: number, slots: number) {
    for (let slot = slotOf(fromMs); ; slot += slots) {
      slot = slotFrom(wan, slot);
      const endSlot = Math.min(slot + slots, slotOf(toMs - 1) + 1);
      const beginMs = Math.max(fromMs, slot * SLOT_MS);
      const endMs = Math.min(toMs, endSlot * SLOT_MS);
      if (beginMs >= toMs) return;
      yield { slot, endSlot, beginMs, endMs };
    }
  }

  return {
    insert(cycles) {
      const fresh = cycles.map(({ run, frame }) => ({
        wan: run.wan,
        cycle: { ...frame, atMs: frame.at, source: run.source },
      }));
      for (const { wan, cycle } of packed.insert(fresh))
        plain.insert(wan, cycle);
    },
    *between(wan, fromMs, toMs) {
      for (let slot = slotOf(fromMs); ; slot++) {
        slot = slotFrom(wan, slot);
        const beginMs = Math.max(fromMs, slot * SLOT_MS);
        const endMs = Math.min(toMs, (slot + 1) * SLOT_MS);
        if (beginMs >= toMs) return;
        const isWithin = ({ atMs }: CycleValues) =>
          atMs >= beginMs && atMs < endMs;
        yield* [
          ...packed.within(wan, slot).filter(isWithin),
          ...plain.within(wan, beginMs, endMs),
        ].sort(inOrder);
      }
    },
    *columns(wan, fields, fromMs, toMs) {
      for (const { slot, endSlot, beginMs, endMs } of pieces(
        ...[wan, fromMs, toMs, READ_SLOTS],
      )) {
        const found = packed.columns(wan, fields, slot, endSlot);
        const others = plain.within(wan, beginMs, endMs);
        yield cut(
          others.length > 0 ? merged(found, others, fields) : found,
          ...[beginMs, endMs],
        );
      }
    },
    *counts(wan, fromMs, toMs) {
      for (const { slot, endSlot, beginMs, endMs } of pieces(
        ...[wan, fromMs, toMs, COUNT_SLOTS],
      )) {
        const isWhole =
          beginMs === slot * SLOT_MS && endMs === endSlot * SLOT_MS;
        const own = isWhole
          ? packed.count(wan, slot, endSlot)
          : cut(packed.columns(wan, [], slot, endSlot), beginMs, endMs).at
              .length;
        yield own + plain.within(wan, beginMs, endMs).length;
      }
    },
    oldestMs: (wan) => least([packed.oldestMs(wan), plain.oldestMs(wan)]),
    firstMs(wan, fromMs) {
      const slot = slotFrom(wan, slotOf(fromMs));
      return slot === Infinity ? null : Math.max(fromMs, slot * SLOT_MS);
    },
    newestMs: (wan, atMostMs = Number.MAX_SAFE_INTEGER) =>
      most([packed.newestMs(wan, atMostMs), plain.newestMs(wan, atMostMs)]),
    expire(wan, beforeMs, limit) {
      const gone = plain.expire(wan, beforeMs, limit);
      return gone + packed.expire(wan, beforeMs, limit - gone);
    },
  };
}

/** Those from an instant to before another. */
function cut({ at, values }: Columns, fromMs: number, toMs: number): Columns {
  let [begin, end] = [0, at.length];
  while (begin < end && (at[begin] ?? 0) < fromMs) begin++;
  while (end > begin && (at[end - 1] ?? 0) >= toMs) end--;
  if (begin === 0 && end === at.length) return { at, values };
  return {
    at: at.subarray(begin, end),
    values: values.map((list) => list.subarray(begin, end)),
  };
}

function merged(
  { at, values }: Columns,
  others: readonly CycleValues[],
  fields: readonly RowField[],
): Columns {
  const times = [...at, ...others.map(({ atMs }) => atMs)];
  const order = times.map((_, place) => place);
  order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  const sorted = (list: readonly number[]) =>
    Float64Array.from(order, (place) => list[place] ?? NaN);
  return {
    at: sorted(times),
    values: fields.map((field, index) =>
      sorted([
        ...(values[index] ?? []),
        ...others.map((cycle) => cycle[field] ?? NaN),
      ]),
    ),
  };
}

const inOrder = (a: CycleValues, b: CycleValues): number =>
  a.atMs - b.atMs || a.source - b.source || a.seq - b.seq;

type Instant = number | null;

const known = (instants: readonly Instant[]): number[] =>
  instants.filter((instant) => instant !== null);

const least = (instants: readonly Instant[]): Instant =>
  known(instants).sort((a, b) => a - b)[0] ?? null;

const most = (instants: readonly Instant[]): Instant =>
  known(instants).sort((a, b) => b - a)[0] ?? null;
