import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  type TimeRange,
} from "../../shared/contract/units.js";

/** The shown span: the most recent one, which moves with the clock, or a fixed one. */
export type ShownSpan =
  | { readonly kind: "last"; readonly lengthMs: number }
  | { readonly kind: "fixed"; readonly fromMs: number; readonly toMs: number };

/** The selectable lengths, by the names used in links. */
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

/** Twenty cycles; a closer zoom shows nothing more. */
export const LENGTH_MIN_MS = 1_000;
/** A little more than the longest retention. */
export const LENGTH_MAX_MS = 400 * DAY_MS;

/** Spans up to this length are shown cycle by cycle: 2,400 cycles. */
const CYCLES_MAX_MS = 2 * MINUTE_MS;

export const lengthOf = ({ fromMs, toMs }: TimeRange): number => toMs - fromMs;

export const boundsOf = (span: ShownSpan, nowMs: number): TimeRange =>
  span.kind === "fixed"
    ? { fromMs: span.fromMs, toMs: span.toMs }
    : { fromMs: nowMs - span.lengthMs, toMs: nowMs };

export const isCycles = (bounds: TimeRange): boolean =>
  lengthOf(bounds) <= CYCLES_MAX_MS;

/** The bounds as a span: length within limits, whole ms, not in the future. */
export function fixedSpan(
  { fromMs, toMs }: TimeRange,
  nowMs: number,
): ShownSpan {
  const length = Math.min(
    Math.max(Math.round(toMs - fromMs), LENGTH_MIN_MS),
    LENGTH_MAX_MS,
  );
  const from = Math.round((fromMs + toMs) / 2 - length / 2);
  const to = Math.max(length, Math.min(from + length, Math.ceil(nowMs)));
  return { kind: "fixed", fromMs: to - length, toMs: to };
}

/** Scales the length about the middle; a live span stays live. */
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

/** Moves by a fraction of the length, into the past if negative; a span that reaches now becomes live. */
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

/** The shortest selectable length, up to `atMost`, that reaches back to `sinceMs`. */
export function lengthFor(
  sinceMs: number,
  atMost: number,
  nowMs: number,
): number {
  const ageMs = nowMs - sinceMs;
  const lengths = Object.values(LENGTHS_MS).filter((each) => each < atMost);
  return lengths.find((each) => each >= ageMs) ?? atMost;
}

/** The span from `ms` before to `ms` after an instant. */
export const around = (atMs: number, ms: number, nowMs: number): ShownSpan =>
  fixedSpan({ fromMs: atMs - ms, toMs: atMs + ms }, nowMs);
