/** Waits between attempts: each twice as long as the one before, up to a limit. */
export interface Backoff {
  /** How long to wait before the next attempt, ms. */
  next(): number;
  /** After a success: starts again with the shortest wait. */
  reset(): void;
}

export function openBackoff(minMs: number, maxMs: number): Backoff {
  let waitMs = minMs;
  return {
    next() {
      const now = waitMs;
      waitMs = Math.min(2 * waitMs, maxMs);
      return now;
    },
    reset: () => void (waitMs = minMs),
  };
}
