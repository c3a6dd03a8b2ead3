import type { CycleFrame } from "../../shared/frame.js";
import type { RowField } from "../../shared/row.js";
import type { Point } from "../tiers/rollup.js";
import type { Connection } from "./connection.js";
import { SLOT_MS, slotOf, type CycleValues } from "./cycle-columns.js";
import { openPackedCycles, type CycleOf } from "./packed-cycles.js";
import { openPlainCycles } from "./plain-cycles.js";

export type { CycleValues } from "./cycle-columns.js";

export interface CycleOfRun {
  readonly run: { readonly source: number; readonly wan: number };
  readonly frame: CycleFrame;
}

/** Read at once: four minutes. */
const READ_SLOTS = 120;

/** What ended within so long is packed at once: in one go, for each go writes the pages it touches. */
const PACK_MS = 10 * SLOT_MS;

/** At the start: what a recorder before this one may have left to pack. Older than that is what could not be packed. */
const LEFT_MS = 3 * PACK_MS;

/**
 * The cycles of all WANs, kept plain while their slot may still grow, and then packed together with it. Packing in one
 * go fills pages to the brim, and writes each cycle twice only.
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
  let lastOpenMs = -Infinity;

  /** Takes out the plain cycles of slots that have ended, those of the last turn once more, had it been rolled back. */
  function ended(openMs: number): CycleOf[] {
    if (openMs === lastOpenMs) return [];
    const isFirst = lastOpenMs === -Infinity;
    const fromMs = isFirst ? openMs - LEFT_MS : Math.min(openMs, lastOpenMs);
    lastOpenMs = openMs;
    return plain.take(fromMs - PACK_MS, openMs);
  }

  /** The first slot from this one on that has cycles. */
  const slotFrom = (wan: number, slot: number): number =>
    least([packed.slotFrom(wan, slot), plain.slotFrom(wan, slot * SLOT_MS)]) ??
    Infinity;

  return {
    insert(cycles) {
      if (cycles.length === 0) return;
      const openMs = openFromMs(cycles);
      const fresh: CycleOf[] = cycles.map(({ run, frame }) => ({
        wan: run.wan,
        cycle: { ...frame, atMs: frame.at, source: run.source },
      }));
      const isOver = ({ cycle }: CycleOf) => cycle.atMs < openMs;
      const over = [...ended(openMs), ...fresh.filter(isOver)];
      const open = fresh.filter((each) => !isOver(each));
      for (const each of [...packed.insert(over), ...open])
        plain.insert(each.wan, each.cycle);
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

/** The slot before the newest may still get cycles: those of another WAN, a little late. */
const openFromMs = (cycles: readonly CycleOfRun[]): number => {
  const newestMs = cycles.reduce((ms, { frame }) => Math.max(ms, frame.at), 0);
  return Math.floor((newestMs - SLOT_MS) / PACK_MS) * PACK_MS;
};

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
