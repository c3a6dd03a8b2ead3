import type { Congestion } from "./congestion.js";
import { fullAtMs, openCubic, SEGMENT_BYTES } from "./cubic.js";
import { openDelayLine } from "./delay-line.js";
import type { Stream } from "./stream.js";

/** Somebody who sends through one direction of the line. */
export interface Sender extends Stream {
  /** Decides what leaves in the millisecond that begins: `out`. */
  send(nowMs: number): void;
  /** These bytes arrived after `rttMs - backInMs`; the sender will know in `backInMs`. */
  delivered(bytes: number, backInMs: number, rttMs: number): void;
  /** These bytes were lost; the sender will know in `noticedInMs`. */
  dropped(bytes: number, noticedInMs: number): void;
}

const fresh = (congestion: Congestion) => ({
  congestion,
  isSending: false,
  inFlight: 0,
  /** Bytes known to have arrived or to be lost. */
  accounted: 0,
  /** Where `accounted` will be when the last loss is behind us. */
  recoveredAt: 0,
  /** Lost, but less than a packet yet. */
  lost: 0,
  leastRttMs: Infinity,
  fullFromMs: Infinity,
});

/**
 * One bulk TCP connection after another, as `isOn` has it. It is clocked by its acks: what comes back makes room in the
 * window for what leaves, so that it follows the narrowest place on its way within a round trip.
 */
export function openFlow(
  isOn: (nowMs: number) => boolean,
  open: () => Congestion = openCubic,
): Sender {
  const acks = openDelayLine();
  const losses = openDelayLine();
  let tcp = fresh(open());
  let now = 0;

  /** One cut answers all losses among what was in flight at the first of them. */
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
      // The next connection begins when nothing of the last one is under way: its acks would be taken for this one's.
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
