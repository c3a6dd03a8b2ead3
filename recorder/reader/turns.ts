import { later, since, type Clock } from "../../shared/clock.js";

/** The recorder's own work gets at least this much between two slices. */
const PAUSE_MS = 5;

/** Takes turns at what keeps the event loop busy: one slice at a time, whoever asks. */
export interface Turns {
  /** Does one slice of work, when it is its turn. Rejects when `signal` is aborted before. */
  take<T>(work: () => T, signal: AbortSignal): Promise<T>;
}

/** After each slice comes a pause as long, so that readers together never take more than half of the time. */
export function openTurns(clock: Clock): Turns {
  const never = new AbortController().signal;
  let last: Promise<void> = Promise.resolve();
  return {
    async take(work, signal) {
      const before = last;
      let end = () => {};
      last = new Promise((resolve) => (end = resolve));
      await before;
      const begun = clock.mono();
      try {
        signal.throwIfAborted();
        return work();
      } finally {
        const now = clock.mono();
        const pauseMs = Math.max(PAUSE_MS, since(begun, now));
        void clock.sleepUntil(later(now, pauseMs), never).then(end);
      }
    },
  };
}
