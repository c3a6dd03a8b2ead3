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

/** Stores frames other than cycles. Plain inserts: a constraint violation is a bug, and throws. */
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

/** Frames for times already rolled up. Used in the transaction that enters the frame into the ledger. */
interface LateCycles {
  /**
   * Marks the bucket of a late frame dirty if raw data of that time is kept; if it has expired, merges the frame into
   * the finest tier still kept.
   * @returns whether it was merged; then it must not be stored as a row
   */
  merge(run: Run, frame: Frame): boolean;
}

export function openLateCycles(db: Connection): LateCycles {
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  const series = openSeries(db);

  /** A bucket of this frame alone; null if it is never rolled up. */
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

/** Cycles as unpacked rows: no limits on their number or values. */
interface PlainCycles {
  insert(wan: number, cycle: CycleValues): void;
  within(wan: number, fromMs: number, toMs: number): CycleValues[];
  /** The slot of the first cycle from `fromMs` on. */
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

/** Slots read at once: two minutes. */
const READ_SLOTS = 60;

/** Slots counted at once: an hour. */
const COUNT_SLOTS = 1_800;

/**
 * The cycles of all WANs, packed if possible. A slot is rewritten with each second that adds to it: fewer pages than
 * keeping its cycles elsewhere until it is complete.
 */
export interface Cycles {
  /** Stores cycles that are not stored yet, of any runs and in any order. */
  insert(cycles: readonly CycleOfRun[]): void;
  /** The cycles of a WAN in a range, end excluded, in order. The database may change during the iteration. */
  between(wan: number, fromMs: number, toMs: number): Iterable<CycleValues>;
  /**
   * Some fields of these cycles, in batches of a few milliseconds' work; far cheaper than reading whole cycles. The
   * database may change during the iteration.
   */
  columns(
    wan: number,
    fields: readonly RowField[],
    fromMs: number,
    toMs: number,
  ): Iterable<Columns>;
  /** The number of these cycles, in batches of an hour. */
  counts(wan: number, fromMs: number, toMs: number): Iterable<number>;
  oldestMs(wan: number): number | null;
  /** The start of the first slot with cycles from the slot of `fromMs` on, but not before `fromMs`. */
  firstMs(wan: number, fromMs: number): number | null;
  /** The newest cycle no later than `atMostMs`. */
  newestMs(wan: number, atMostMs?: number): number | null;
  /**
   * Deletes cycles of a WAN before `beforeMs`, a slot bound, oldest first, until `limit` or slightly more are deleted.
   * @returns how many
   */
  expire(wan: number, beforeMs: number, limit: number): number;
}

export function openCycles(db: Connection): Cycles {
  const packed = openPackedCycles(db);
  const plain = openPlainCycles(db);
  /** The first slot with cycles from this one on. */
  const slotFrom = (wan: number, slot: number): number =>
    least([packed.slotFrom(wan, slot), plain.slotFrom(wan, slot * SLOT_MS)]) ??
    Infinity;

  /** Pieces of a range that have cycles, each of at most `slots` slots. */
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

/** The cycles in a range, end excluded. */
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
