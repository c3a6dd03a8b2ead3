import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/contract/units.js";

/** Which time is shown: the last while, going on with the clock, or one that stays. */
export type ShownSpan =
  | { readonly kind: "last"; readonly lengthMs: number }
  | { readonly kind: "fixed"; readonly fromMs: number; readonly toMs: number };

/** A span at one moment; `toMs` is not included. */
export interface Bounds {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The lengths one chooses from, by the names that stand in links. */
export const LENGTHS_MS = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": HOUR_MS,
  "6h": 6 * HOUR_MS,
  "1d": DAY_MS,
  "7d": 7 * DAY_MS,
  "30d": 30 * DAY_MS,
  "1y": 365 * DAY_MS,
} as const;
type LengthName = keyof typeof LENGTHS_MS;
export const LENGTH_NAMES = Object.keys(LENGTHS_MS) as LengthName[];

/** Twenty cycles: closer there is nothing to see. */
export const LENGTH_MIN_MS = 1_000;
/** All that is ever kept, and a little. */
export const LENGTH_MAX_MS = 400 * DAY_MS;

/** So long a time is shown cycle by cycle: 2,400 of them. */
const CYCLES_MAX_MS = 2 * MINUTE_MS;

export const lengthOf = ({ fromMs, toMs }: Bounds): number => toMs - fromMs;

export const boundsOf = (span: ShownSpan, nowMs: number): Bounds =>
  span.kind === "fixed"
    ? { fromMs: span.fromMs, toMs: span.toMs }
    : { fromMs: nowMs - span.lengthMs, toMs: nowMs };

export const isCycles = (bounds: Bounds): boolean =>
  lengthOf(bounds) <= CYCLES_MAX_MS;

/** These bounds as a span: of a length that can be shown, of whole ms, and not of the future. */
export function fixedSpan({ fromMs, toMs }: Bounds, nowMs: number): ShownSpan {
  const length = Math.min(
    Math.max(Math.round(toMs - fromMs), LENGTH_MIN_MS),
    LENGTH_MAX_MS,
  );
  const from = Math.round((fromMs + toMs) / 2 - length / 2);
  const to = Math.max(length, Math.min(from + length, Math.ceil(nowMs)));
  return { kind: "fixed", fromMs: to - length, toMs: to };
}

/** Shorter or longer by a factor, about its middle; the last while stays the last. */
export function zoomed(
  span: ShownSpan,
  factor: number,
  nowMs: number,
): ShownSpan {
  if (span.kind === "last") {
    const desired = span.lengthMs * factor;
    const lengthMs = Math.min(Math.max(desired, LENGTH_MIN_MS), LENGTH_MAX_MS);
    return { kind: "last", lengthMs: Math.round(lengthMs) };
  }
  const middle = (span.fromMs + span.toMs) / 2;
  const half = (lengthOf(span) / 2) * factor;
  return fixedSpan({ fromMs: middle - half, toMs: middle + half }, nowMs);
}

/** Moved by a part of its length, to the past where that is below 0; at the end it is the last while again. */
export function panned(
  span: ShownSpan,
  part: number,
  nowMs: number,
): ShownSpan {
  const bounds = boundsOf(span, nowMs);
  const length = lengthOf(bounds);
  if (part > 0 && bounds.toMs + length * part >= nowMs)
    return { kind: "last", lengthMs: length };
  const by = length * part;
  return fixedSpan(
    { fromMs: bounds.fromMs + by, toMs: bounds.toMs + by },
    nowMs,
  );
}

/** The shortest of the lengths one chooses from that holds what there is, at most this one. */
export function lengthFor(
  sinceMs: number,
  atMost: number,
  nowMs: number,
): number {
  const ageMs = nowMs - sinceMs;
  const lengths = Object.values(LENGTHS_MS).filter((each) => each < atMost);
  return lengths.find((each) => each >= ageMs) ?? atMost;
}

/** Some time before and after an instant. */
export const around = (atMs: number, ms: number, nowMs: number): ShownSpan =>
  fixedSpan({ fromMs: atMs - ms, toMs: atMs + ms }, nowMs);
