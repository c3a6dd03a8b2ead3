/** Unit conversions. In memory: bit/s, ms; on the wire and on disk: kbit/s, µs; in files and on screen: Mbit/s, ms. */

/** Durations, ms. */
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const BITS_PER_MBIT = 1e6;

/** Mbit/s to bit/s. */
export const mbit = (mbps: number): number => mbps * BITS_PER_MBIT;

/** bit/s to whole kbit/s. */
export const toKbps = (bps: number): number => Math.round(bps / 1e3);

/** ms to whole µs; -0 becomes 0, as msgpack does not keep the sign. */
export const toUs = (ms: number): number => Math.round(ms * 1e3) + 0;

/** Applies `f` to a value; null stays null. */
export const maybe = <T, U>(value: T | null, f: (value: T) => U): U | null =>
  value === null ? null : f(value);

/** The number kept within [low, high]. */
export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

export const inTenths = (value: number): number => Math.round(value * 10) / 10;

/** "24.3 ms", "-0.4 ms"; "—" if unknown. */
export const showMs = (ms: number | null): string =>
  ms === null ? "—" : `${fixed(ms, 1)} ms`;

/** A number with `digits` decimals; without a sign if it rounds to zero. */
export const fixed = (value: number, digits: number): string =>
  value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1");

/** "40.8 ms = baseline 31.3 + 9.5", where the rounded numbers add up; "not measured yet" if unknown. */
export function rttInWords(
  baselineMs: number | null,
  deltaMs: number | null,
): string {
  if (baselineMs === null || deltaMs === null) return "not measured yet";
  const tenths = (ms: number) => Math.round(ms * 10);
  const [baseline, delta] = [tenths(baselineMs), tenths(deltaMs)];
  const show = (each: number) => fixed(each / 10, 1);
  return `${show(baseline + delta)} ms = baseline ${show(baseline)} ${delta < 0 ? "−" : "+"} ${show(Math.abs(delta))}`;
}

/** Mbit/s with three significant digits; "—" if unknown. */
export function showMbps(kbps: number | null): string {
  if (kbps === null) return "—";
  return (kbps / 1e3).toFixed(decimalsOf(kbps / 1e3));
}

/** Decimals for three significant digits after rounding: 99.95 is shown as 100. */
export const decimalsOf = (value: number): number =>
  Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;

/** "98.2 %"; "<0.1 %" and ">99.9 %" instead of a rounded 0 or 100 %. */
export function showPercent(ratio: number): string {
  const text = (100 * ratio).toFixed(1);
  if (text === "0.0" && ratio > 0) return "<0.1 %";
  if (text === "100.0" && ratio < 1) return ">99.9 %";
  return `${text.replace(/\.0$/, "")} %`;
}

/** A duration: "40 ms", "2.4 s", "3 min", "5 h 12 min", "9 d 3 h"; "—" if unknown. */
export function showSpan(ms: number | null): string {
  if (ms === null) return "—";
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND_MS)
    return `${(ms / SECOND_MS).toFixed(1).replace(/\.0$/, "")} s`;
  if (ms < 2 * MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return inTwo(Math.floor(ms / MINUTE_MS), 60, "h", "min");
  return inTwo(Math.floor(ms / HOUR_MS), 24, "d", "h");
}

/** A number of small units as large ones and the rest, which is left out if it is 0. */
function inTwo(small: number, each: number, large: string, rest: string) {
  const text = `${Math.floor(small / each)} ${large}`;
  return small % each === 0 ? text : `${text} ${small % each} ${rest}`;
}

/** A range of wall clock time, ms since 1970: from inclusive, to exclusive. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}
