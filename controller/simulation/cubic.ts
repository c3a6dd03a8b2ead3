import { clamp } from "../../shared/contract/units.js";
import type { Congestion } from "./congestion.js";

/** A full packet on the wire: 12112 bit. */
export const SEGMENT_BYTES = 1514;

const FIRST_CUBIC_SEGMENTS = 10;
const LEAST_CUBIC_SEGMENTS = 2;
/** What is left of a window after a loss. */
const BETA = 0.7;
/** Segments per second cubed. */
const GROWTH = 0.4;
/** What Reno would gain per round trip if it cut by BETA. */
const RENO_GAIN = (3 * (1 - BETA)) / (1 + BETA);

/** The RTT at which slow start takes the way for full (HyStart, RFC 9406). */
export const fullAtMs = (leastRttMs: number): number =>
  leastRttMs + clamp(leastRttMs / 8, 4, 16);

/**
 * How much a TCP connection may have under way (CUBIC, RFC 9438).
 *
 * Slow start until the way is full or something is lost; then `GROWTH (t - K)^3 + before`, never below what Reno would
 * have. Inside, windows are in segments.
 */
export function openCubic(): Congestion {
  const now = {
    window: FIRST_CUBIC_SEGMENTS,
    isSlowStart: true,
    before: 0,
    reno: 0,
    kS: 0,
    epochMs: -1,
  };
  function beginEpoch(before: number) {
    now.isSlowStart = false;
    now.before = before;
    now.reno = now.window;
    now.kS = Math.cbrt((before - now.window) / GROWTH);
    now.epochMs = -1;
  }
  return {
    heedsLoss: true,
    windowBytes: () => now.window * SEGMENT_BYTES,
    pacedBytes: () => Infinity,
    measured() {},
    acked(bytes, nowMs) {
      const acked = bytes / SEGMENT_BYTES;
      if (now.isSlowStart) {
        now.window += acked;
        return;
      }
      if (now.epochMs < 0) now.epochMs = nowMs;
      const t = (nowMs - now.epochMs) / 1e3 - now.kS;
      now.reno += (RENO_GAIN * acked) / now.window;
      const cubic = GROWTH * t * t * t + now.before;
      const aim = Math.max(cubic, now.reno, now.window);
      now.window = Math.min(aim, now.window + acked / 2);
    },
    lost() {
      const before = now.window;
      now.window = Math.max(LEAST_CUBIC_SEGMENTS, before * BETA);
      beginEpoch(Math.max(before, now.window));
    },
    full() {
      if (now.isSlowStart) beginEpoch(now.window);
    },
  };
}
