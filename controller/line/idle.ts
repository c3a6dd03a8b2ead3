import {
  DIRECTIONS,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { Counted } from "../law/inputs.js";

/** The use of the line. */
interface Idle {
  readonly usedAt: MonoMs;
  readonly counted: Counted | null;
}

/** When a line counts as idle. */
export interface IdleRule {
  /** ms without use; null: never. */
  readonly afterMs: number | null;
  readonly floorBps: PerDirection<number>;
}

/** Traffic below this fraction of the floor does not count as use: it cannot cause a queue at any rate. */
const USED_RATIO = 0.2;

/** Counter values older than this, ms, are not used: the line then does not count as idle. */
const COUNTED_MS = 1_000;

export const inUse = (now: MonoMs): Idle => ({ usedAt: now, counted: null });

/** The use after a cycle. @param counted the counter values since the last one */
export function nextUse(
  before: Idle,
  counted: readonly Counted[],
  { floorBps }: IdleRule,
  now: MonoMs,
): Idle {
  const newest = counted.at(-1);
  if (newest === undefined) return before;
  const last = before.counted;
  const isUsed =
    last === null ||
    DIRECTIONS.some((direction) => {
      const bits = 8 * (bytesOf(newest, direction) - bytesOf(last, direction));
      const bps = (bits * 1e3) / msSince(last.at, newest.at);
      return !(bps >= 0 && bps < USED_RATIO * floorBps[direction]);
    });
  return { usedAt: isUsed ? now : before.usedAt, counted: newest };
}

const bytesOf = (counted: Counted, direction: keyof PerDirection<number>) =>
  direction === "download" ? counted.downloadBytes : counted.uploadBytes;

export const isIdle = (
  { usedAt, counted }: Idle,
  { afterMs }: IdleRule,
  now: MonoMs,
): boolean =>
  afterMs !== null &&
  counted !== null &&
  msSince(counted.at, now) < COUNTED_MS &&
  now >= later(usedAt, afterMs);
