import { systemClock } from "../shared/runtime/clock.js";

export function timed<T>(work: () => T): { value: T; ms: number } {
  const begun = systemClock.mono();
  const value = work();
  return { value, ms: systemClock.mono() - begun };
}
