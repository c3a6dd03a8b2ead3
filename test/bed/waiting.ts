import { later, msSince, systemClock } from "../../shared/runtime/clock.js";

const POLL_MS = 20;
const NEVER = new AbortController().signal;

/** Returns when `ms` have passed since `from`. For a scene's own time only: wait for conditions with {@link until}. */
export const pause = (ms: number, from = systemClock.mono()): Promise<void> =>
  systemClock.sleepUntil(later(from, ms), NEVER);

/**
 * Looks again and again until there is something to see, and returns it.
 * @throws after `ms`, naming what never came
 */
export async function until<T>(
  what: string,
  ms: number,
  look: () =>
    T | undefined | null | false | Promise<T | undefined | null | false>,
): Promise<T> {
  const begun = systemClock.mono();
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (msSince(begun, systemClock.mono()) > ms)
      throw new Error(`Waited ${ms} ms for ${what}: it did not come`);
    await pause(POLL_MS);
  }
}
