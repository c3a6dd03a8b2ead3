import type { CycleFrame } from "../../shared/frame.js";
import type { RowField } from "../../shared/row.js";
import type { Point } from "../tiers/rollup.js";
import type { Connection } from "./connection.js";
import { SLOT_MS, slotOf, type CycleValues } from "./cycle-columns.js";
import { openPackedCycles } from "./packed-cycles.js";
import { openPlainCycles } from "./plain-cycles.js";

export type { CycleValues } from "./cycle-columns.js";

export interface CycleOfRun {
  readonly run: { readonly source: number; readonly wan: number };
  readonly frame: CycleFrame;
}

/** Read at once: four minutes. */
const READ_SLOTS = 120;

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
   * One field of them, where it has a value: some at a time, in order, some milliseconds' work each. For less than a
   * quarter of what it takes to read all fields. The database may be changed meanwhile.
   */
  points(
    wan: number,
    field: RowField,
    fromMs: number,
    toMs: number,
  ): Iterable<readonly Point[]>;
  oldestMs(wan: number): number | null;
  newestMs(wan: number): number | null;
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
    *points(wan, field, fromMs, toMs) {
      for (let slot = slotOf(fromMs); ; slot += READ_SLOTS) {
        slot = slotFrom(wan, slot);
        const endSlot = slot + READ_SLOTS;
        const beginMs = Math.max(fromMs, slot * SLOT_MS);
        const endMs = Math.min(toMs, endSlot * SLOT_MS);
        if (beginMs >= toMs) return;
        const points = packed.points(wan, field, slot, endSlot);
        const others = plain.points(wan, field, beginMs, endMs);
        if (others.length > 0) {
          for (const point of others) points.push(point);
          points.sort(byTime);
        }
        const isWhole = slot * SLOT_MS >= fromMs && endSlot * SLOT_MS <= toMs;
        const isWithin = ([atMs]: Point) => atMs >= beginMs && atMs < endMs;
        yield isWhole ? points : points.filter(isWithin);
      }
    },
    oldestMs: (wan) => least([packed.oldestMs(wan), plain.oldestMs(wan)]),
    newestMs: (wan) => most([packed.newestMs(wan), plain.newestMs(wan)]),
    expire(wan, beforeMs, limit) {
      const gone = plain.expire(wan, beforeMs, limit);
      return gone + packed.expire(wan, beforeMs, limit - gone);
    },
  };
}

const inOrder = (a: CycleValues, b: CycleValues): number =>
  a.atMs - b.atMs || a.source - b.source || a.seq - b.seq;

const byTime = ([a]: Point, [b]: Point): number => a - b;

type Instant = number | null;

const known = (instants: readonly Instant[]): number[] =>
  instants.filter((instant) => instant !== null);

const least = (instants: readonly Instant[]): Instant =>
  known(instants).sort((a, b) => a - b)[0] ?? null;

const most = (instants: readonly Instant[]): Instant =>
  known(instants).sort((a, b) => b - a)[0] ?? null;
