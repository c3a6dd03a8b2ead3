import type { Direction } from "../../shared/contract/direction.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { Counted } from "./inputs.js";
import { TUNING } from "./tuning.js";

/** Recent counter values, oldest first. Empty where the platform has no counters. */
export type Traffic = readonly Counted[];

const bytesOf = (counted: Counted, direction: Direction): number =>
  direction === "download" ? counted.downloadBytes : counted.uploadBytes;

/**
 * Adds the counter values of a cycle and drops old ones. A counter that went back restarts the history.
 * @param heldMs time between two updates of the counters; unless 0, only values that changed are kept
 */
export function remember(
  before: Traffic,
  fresh: readonly Counted[],
  now: MonoMs,
  heldMs = 0,
): Traffic {
  const keptMs = Math.max(TUNING.memoryMs, TUNING.heldKept * heldMs);
  const horizon = later(now, -keptMs);
  const all = [...before, ...fresh];
  const history =
    heldMs === 0 ? all : all.filter((one, i) => hasMoved(all[i - 1], one));
  // the newest value before the horizon is kept, to interpolate from
  let from = 0;
  while (from + 1 < history.length && (history[from + 1]?.at ?? now) < horizon)
    from++;
  for (let i = from + 1; i < history.length; i++)
    if (wentBack(history[i - 1], history[i])) from = i;
  const isStale = (history.at(-1)?.at ?? horizon) < horizon;
  return isStale ? [] : from === 0 ? history : history.slice(from);
}

const hasMoved = (older: Counted | undefined, newer: Counted): boolean =>
  older === undefined ||
  newer.downloadBytes !== older.downloadBytes ||
  newer.uploadBytes !== older.uploadBytes;

const wentBack = (
  older: Counted | undefined,
  newer: Counted | undefined,
): boolean =>
  older !== undefined &&
  newer !== undefined &&
  (newer.downloadBytes < older.downloadBytes ||
    newer.uploadBytes < older.uploadBytes);

/** Bytes up to an instant, between two counter values by interpolation; null outside the history. */
function bytesUntil(
  traffic: Traffic,
  direction: Direction,
  at: MonoMs,
): number | null {
  const newest = traffic.at(-1);
  if (newest === undefined || at > newest.at) return null;
  for (let i = traffic.length - 1; i >= 0; i--) {
    const older = traffic[i];
    if (older === undefined || older.at > at) continue;
    const newer = traffic[i + 1] ?? older;
    const span = msSince(older.at, newer.at);
    const part = span > 0 ? msSince(older.at, at) / span : 0;
    const from = bytesOf(older, direction);
    return from + (bytesOf(newer, direction) - from) * part;
  }
  return null;
}

/** Rate between two instants, bit/s; null where the counters do not cover them. */
export function rateBetween(
  traffic: Traffic,
  direction: Direction,
  from: MonoMs,
  to: MonoMs,
): number | null {
  const start = bytesUntil(traffic, direction, from);
  const end = bytesUntil(traffic, direction, to);
  return start === null || end === null || to <= from
    ? null
    : ((end - start) * 8 * 1e3) / msSince(from, to);
}

/** Rate over the last `windowMs` covered by the counters, bit/s; null before they cover that much. */
export function recentRate(
  traffic: Traffic,
  direction: Direction,
  windowMs: number,
): number | null {
  const newest = traffic.at(-1);
  return newest === undefined
    ? null
    : rateBetween(traffic, direction, later(newest.at, -windowMs), newest.at);
}
