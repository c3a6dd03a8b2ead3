import { SEGMENT_BYTES } from "./cubic.js";

/** When a queue should lose a packet (CoDel, RFC 8289): its delay was above target for a whole interval. */
export interface Codel {
  /** Asked once a millisecond: lose one packet now? */
  drops(waiting: number, perMs: number, nowMs: number): boolean;
}

const TARGET_MS = 5;
const INTERVAL_MS = 100;
/** Less than this is no queue, however long it takes. */
const LEAST_BYTES = 1.5 * SEGMENT_BYTES;

/** Drops come ever faster while the queue stands, by the square root of their number, and are forgotten as they came. */
export function openCodel(): Codel {
  let aboveSince: number | null = null;
  let count = 0;
  let nextAt = 0;
  const pause = () => INTERVAL_MS / Math.sqrt(Math.max(1, count));
  return {
    drops(waiting, perMs, nowMs) {
      if (waiting <= Math.max(LEAST_BYTES, TARGET_MS * perMs)) {
        aboveSince = null;
        if (count > 0 && nowMs >= nextAt) {
          count--;
          nextAt = nowMs + pause();
        }
        return false;
      }
      aboveSince ??= nowMs;
      if (nowMs - aboveSince < INTERVAL_MS || nowMs < nextAt) return false;
      count++;
      nextAt = nowMs + pause();
      return true;
    },
  };
}
