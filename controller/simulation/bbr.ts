import type { Congestion } from "./congestion.js";
import { SEGMENT_BYTES } from "./cubic.js";
import type { Random } from "./random.js";

const FIRST_BBR_BYTES = 10 * SEGMENT_BYTES;
const LEAST_BBR_BYTES = 4 * SEGMENT_BYTES;
/** 2 / ln 2: doubles what is sent each round. */
const STARTUP_GAIN = 2.885;
const WINDOW_GAIN = 2;
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1] as const;
/** The bandwidth is the best of so many round trips. */
const ROUNDS = 10;
/** The shortest round trip is believed for so long; then the way is emptied to see it again. */
const RTT_KEPT_MS = 10_000;
const RTT_PROBE_MS = 200;
/** Startup ends when the bandwidth has not grown by a quarter in so many rounds. */
const PATIENCE_ROUNDS = 3;

/**
 * A model of the way instead of losses (BBR, version 1: Cardwell and others, ACM Queue 14/5): sends at the bandwidth it
 * saw, a little more and a little less in turn, with at most twice the way's content under way.
 */
export function openBbr(random: Random): Congestion {
  const rates: number[] = [];
  const now = {
    mode: "startup" as "startup" | "drain" | "cruise" | "rtt",
    bandwidth: 0,
    fullest: 0,
    flatRounds: 0,
    rttMs: Infinity,
    rttAtMs: 0,
    probeUntilMs: 0,
    roundFromMs: -1,
    roundBytes: 0,
    gain: STARTUP_GAIN,
    beat: Math.floor(random.between(2, CYCLE.length)),
  };
  const bdp = () => now.bandwidth * now.rttMs;

  function endRound(nowMs: number) {
    rates.push(now.roundBytes / (nowMs - now.roundFromMs));
    if (rates.length > ROUNDS) rates.shift();
    now.bandwidth = Math.max(...rates);
    now.roundFromMs = nowMs;
    now.roundBytes = 0;
    if (now.mode === "startup") {
      now.flatRounds =
        now.bandwidth < 1.25 * now.fullest ? now.flatRounds + 1 : 0;
      now.fullest = Math.max(now.fullest, now.bandwidth);
      if (now.flatRounds >= PATIENCE_ROUNDS) now.mode = "drain";
    } else if (now.mode === "drain") now.mode = "cruise";
    else now.beat = (now.beat + 1) % CYCLE.length;
    now.gain =
      now.mode === "startup"
        ? STARTUP_GAIN
        : now.mode === "drain"
          ? 1 / STARTUP_GAIN
          : (CYCLE[now.beat] ?? 1);
  }

  function lookForRtt(nowMs: number) {
    if (now.mode === "rtt") {
      if (nowMs >= now.probeUntilMs) now.mode = "cruise";
    } else if (now.mode === "cruise" && nowMs - now.rttAtMs > RTT_KEPT_MS) {
      now.mode = "rtt";
      now.rttMs = Infinity;
      now.probeUntilMs = nowMs + RTT_PROBE_MS;
    }
  }

  return {
    heedsLoss: false,
    windowBytes() {
      if (now.bandwidth === 0) return FIRST_BBR_BYTES;
      if (now.mode === "rtt") return LEAST_BBR_BYTES;
      const gain = now.mode === "startup" ? STARTUP_GAIN : WINDOW_GAIN;
      return Math.max(LEAST_BBR_BYTES, gain * bdp());
    },
    pacedBytes: () =>
      now.bandwidth === 0 ? Infinity : now.gain * now.bandwidth,
    acked(bytes, nowMs) {
      if (now.roundFromMs < 0) now.roundFromMs = nowMs;
      else now.roundBytes += bytes;
      if (nowMs - now.roundFromMs >= Math.max(1, Math.min(now.rttMs, 1000)))
        endRound(nowMs);
      lookForRtt(nowMs);
    },
    measured(rttMs, nowMs) {
      if (rttMs > now.rttMs) return;
      now.rttMs = rttMs;
      now.rttAtMs = nowMs;
    },
    lost() {},
    full() {},
  };
}
