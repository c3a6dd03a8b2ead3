import { clamp } from "../../shared/contract/units.js";
import { type Clock, later, since } from "../../shared/runtime/clock.js";

/** The recorder's own work gets its turn between two slices. */
const YIELD_MS = 1;

/** After a quiet while readers may work for so long without longer pauses: a chart of usual size is done then. */
const CREDIT_MS = 100;

/** Takes turns at what keeps the event loop busy: one slice at a time, whoever asks. */
export interface Turns {
  /** Does one slice of work, when it is its turn. Rejects when `signal` is aborted before. */
  take<T>(work: () => T, signal: AbortSignal): Promise<T>;
}

/**
 * After each slice comes a pause: a short one while there is credit, else one as long as the slice, so that readers together
 * never take more than half of the time for long. Time without reading gives the credit back.
 */
export function openTurns(clock: Clock): Turns {
  const never = new AbortController().signal;
  let last: Promise<void> = Promise.resolve();
  let creditMs = CREDIT_MS;
  let endedAt = clock.mono();
  return {
    async take(work, signal) {
      const before = last;
      let end = () => {};
      last = new Promise((resolve) => (end = resolve));
      await before;
      const begun = clock.mono();
      creditMs = clamp(creditMs + since(endedAt, begun), 0, CREDIT_MS);
      try {
        signal.throwIfAborted();
        return work();
      } finally {
        endedAt = clock.mono();
        const tookMs = since(begun, endedAt);
        creditMs = Math.max(0, creditMs - tookMs);
        const pauseMs = Math.max(YIELD_MS, creditMs > 0 ? 0 : tookMs);
        void clock.sleepUntil(later(endedAt, pauseMs), never).then(end);
      }
    },
  };
}
