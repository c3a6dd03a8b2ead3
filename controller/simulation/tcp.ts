import { clamp } from "../../shared/contract/units.js";
import type { Random } from "./random.js";
import { openDelayLine, type Stream } from "./stream.js";

/** Congestion control: window and pacing rate of a sender. */
export interface Congestion {
  windowBytes(): number;
  /** Maximum bytes per millisecond. */
  pacedBytes(): number;
  /** Bytes were acked; not called during loss recovery if `heedsLoss`. */
  acked(bytes: number, nowMs: number): void;
  /** An RTT sample. */
  measured(rttMs: number, nowMs: number): void;
  /** A loss; called at most once per round trip. */
  lost(): void;
  /** The path is full: ends slow start. */
  full(): void;
  readonly heedsLoss: boolean;
}

/** A full-size packet on the wire: 12,112 bits. */
export const SEGMENT_BYTES = 1514;

const FIRST_CUBIC_SEGMENTS = 10;
const LEAST_CUBIC_SEGMENTS = 2;
/** Factor by which a loss reduces the window. */
const BETA = 0.7;
/** Segments per second cubed. */
const GROWTH = 0.4;
/** Segments per round trip that Reno would gain if it cut by BETA. */
const RENO_GAIN = (3 * (1 - BETA)) / (1 + BETA);

/** The RTT at which slow start considers the path full (HyStart++, RFC 9406). */
export const fullAtMs = (leastRttMs: number): number =>
  leastRttMs + clamp(leastRttMs / 8, 4, 16);

/**
 * CUBIC congestion control (RFC 9438).
 *
 * Slow start until the path is full or a packet is lost; then `GROWTH (t - K)^3 + before`, never below Reno's window.
 * Windows are in segments.
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

const FIRST_BBR_BYTES = 10 * SEGMENT_BYTES;
const LEAST_BBR_BYTES = 4 * SEGMENT_BYTES;
/** 2 / ln 2: doubles the sending rate each round. */
const STARTUP_GAIN = 2.885;
const WINDOW_GAIN = 2;
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1] as const;
/** The bandwidth is the maximum over this many round trips. */
const ROUNDS = 10;
/** Validity of the minimum RTT; then the queue is drained to measure it again. */
const RTT_KEPT_MS = 10_000;
const RTT_PROBE_MS = 200;
/** Startup ends when the bandwidth has not grown by 25 % in this many rounds. */
const PATIENCE_ROUNDS = 3;

/**
 * BBR version 1 (Cardwell and others, ACM Queue 14/5): models the path instead of reacting to losses. Sends at the
 * measured bandwidth, alternately a little more and a little less, with at most twice the BDP in flight.
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

/** A sender in one direction of the line. */
export interface Sender extends Stream {
  /** Sets `out` for the millisecond that begins. */
  send(nowMs: number): void;
  /** These bytes arrived `rttMs - backInMs` after they were sent; their acks return in `backInMs`. */
  delivered(bytes: number, backInMs: number, rttMs: number): void;
  /** These bytes were lost; the sender detects it in `noticedInMs`. */
  dropped(bytes: number, noticedInMs: number): void;
}

const fresh = (congestion: Congestion) => ({
  congestion,
  isSending: false,
  inFlight: 0,
  /** Bytes known to have arrived or to be lost. */
  accounted: 0,
  /** Recovery ends when `accounted` exceeds this. */
  recoveredAt: 0,
  /** Lost bytes that do not yet make up a packet. */
  lost: 0,
  leastRttMs: Infinity,
  fullFromMs: Infinity,
});

/**
 * Consecutive bulk TCP connections, while `isOn`. Ack-clocked: acks free the window for new data, so that the sending
 * rate follows the bottleneck within a round trip.
 */
export function openFlow(
  isOn: (nowMs: number) => boolean,
  open: () => Congestion = openCubic,
): Sender {
  const acks = openDelayLine();
  const losses = openDelayLine();
  let tcp = fresh(open());
  let now = 0;

  /** One window reduction for all losses among the bytes in flight at the first of them. */
  function lose(bytes: number) {
    tcp.lost += bytes;
    if (tcp.lost < SEGMENT_BYTES) return;
    tcp.lost = 0;
    if (tcp.accounted <= tcp.recoveredAt) return;
    tcp.congestion.lost();
    tcp.recoveredAt = tcp.accounted + tcp.inFlight;
  }

  return {
    out: 0,
    send(nowMs) {
      now = nowMs;
      const acked = acks.take();
      const lost = losses.take();
      tcp.inFlight -= acked + lost;
      tcp.accounted += acked + lost;
      if (!isOn(nowMs)) tcp.isSending = false;
      // the next connection starts when nothing of the last one is in flight, as acks are not told apart
      else if (!tcp.isSending && tcp.inFlight < 1)
        tcp = { ...fresh(open()), isSending: true };
      this.out = 0;
      if (!tcp.isSending) return;
      if (lost > 0) lose(lost);
      if (nowMs >= tcp.fullFromMs) tcp.congestion.full();
      const { congestion } = tcp;
      if (
        acked > 0 &&
        (tcp.accounted > tcp.recoveredAt || !congestion.heedsLoss)
      )
        congestion.acked(acked, nowMs);
      const room = congestion.windowBytes() - tcp.inFlight;
      this.out = Math.max(0, Math.min(room, congestion.pacedBytes()));
      tcp.inFlight += this.out;
    },
    delivered(bytes, backInMs, rttMs) {
      acks.put(bytes, backInMs);
      tcp.congestion.measured(rttMs, now);
      if (rttMs < tcp.leastRttMs) tcp.leastRttMs = rttMs;
      else if (tcp.fullFromMs === Infinity && rttMs >= fullAtMs(tcp.leastRttMs))
        tcp.fullFromMs = now + backInMs;
    },
    dropped: (bytes, noticedInMs) => losses.put(bytes, noticedInMs),
  };
}
