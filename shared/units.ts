/** Units at the borders. Inside: bit/s and ms; on the wire and on disk: kbit/s and µs; in files and on screen: Mbit/s and ms. */

export const BITS_PER_MBIT = 1e6;

/** Mbit/s to bit/s. */
export const mbit = (mbps: number): number => mbps * BITS_PER_MBIT;

/** bit/s to whole kbit/s. */
export const toKbps = (bps: number): number => Math.round(bps / 1e3);

/** ms to whole µs; -0 becomes 0, which msgpack cannot tell apart. */
export const toUs = (ms: number): number => Math.round(ms * 1e3) + 0;

/** Applies `f` where there is a value, and keeps null where there is none. */
export const maybe = <T, U>(value: T | null, f: (value: T) => U): U | null =>
  value === null ? null : f(value);

/** The number kept within [low, high]. */
export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** "24.3 ms", "-0.4 ms", "—" where it is not known. */
export const showMs = (ms: number | null): string =>
  ms === null ? "—" : `${ms.toFixed(1)} ms`;

/** Mbit/s with three significant digits, "—" where it is not known. */
export function showMbps(kbps: number | null): string {
  if (kbps === null) return "—";
  const mbps = kbps / 1e3;
  return mbps.toFixed(mbps >= 100 ? 0 : mbps >= 10 ? 1 : 2);
}
