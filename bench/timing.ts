import { systemClock } from "../shared/clock.js";

export function timed<T>(work: () => T): { value: T; ms: number } {
  const begun = systemClock.mono();
  const value = work();
  return { value, ms: systemClock.mono() - begun };
}

export const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;
