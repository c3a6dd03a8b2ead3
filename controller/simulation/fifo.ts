import { SEGMENT_BYTES } from "./cubic.js";
import { slotFor, type Slot, type Stream } from "./stream.js";

/** The bottleneck: one queue for all, well mixed, served in the order of arrival, losing what does not fit. */
export interface Fifo<From extends Stream = Stream> {
  readonly slots: readonly Slot<From>[];
  /** One millisecond in which `capacity` bytes can leave. */
  pass(capacity: number): void;
  /** What a byte that arrives now would wait if the capacity stayed as it is, ms. */
  waitMs(): number;
  /** The most that a packet waits for others that came with it, ms: senders send in bursts, and the more the fuller the line. */
  burstMs(): number;
  /** The share of the last millisecond's arrivals that was lost. */
  lossRatio(): number;
  /** The last byte that has come in so far, by its place in the order of all bytes ever. */
  mark(): number;
  /**
   * When in the last millisecond the byte at `mark` was gone, 0..1; null while it waits. This is the exact delay, the
   * least d with the capacity's integral over d equal to the queue, whatever the capacity does meanwhile.
   */
  goneAt(mark: number): number | null;
}

/** Acks come for two packets, and rooms in windows for several: as seen on a real kernel with four connections. */
const BURST_BYTES = 3 * SEGMENT_BYTES;

export function openFifo<From extends Stream>(
  streams: readonly From[],
  limitBytes: number,
): Fifo<From> {
  const slots = streams.map((from) => slotFor(from));
  const now = {
    bytes: 0,
    arrived: 0,
    gone: 0,
    goneBefore: 0,
    lossRatio: 0,
    perMs: 0,
    outflow: 0,
  };
  return {
    slots,
    pass(capacity) {
      let inflow = 0;
      for (const slot of slots) inflow += slot.from.out;
      const lost = Math.max(0, now.bytes + inflow - capacity - limitBytes);
      const held = now.bytes + inflow - lost;
      const lossRatio = lost > 0 ? lost / inflow : 0;
      const served = held > capacity ? capacity / held : 1;
      for (const slot of slots) {
        slot.lost = slot.from.out * lossRatio;
        const mine = slot.waiting + slot.from.out - slot.lost;
        slot.out = mine * served;
        slot.waiting = mine - slot.out;
      }
      now.lossRatio = lossRatio;
      now.perMs = capacity;
      now.outflow = Math.min(held, capacity);
      now.arrived += inflow - lost;
      now.goneBefore = now.gone;
      now.bytes = served < 1 ? held - capacity : 0;
      // An empty queue has let out all that came, to the last bit: rounding must not keep a probe waiting.
      now.gone = served < 1 ? now.gone + capacity : now.arrived;
    },
    waitMs: () => (now.bytes > 0 ? now.bytes / now.perMs : 0),
    burstMs: () =>
      now.perMs > 0 ? (BURST_BYTES * now.outflow) / now.perMs ** 2 : 0,
    lossRatio: () => now.lossRatio,
    mark: () => now.arrived,
    goneAt(mark) {
      if (mark <= now.goneBefore) return 0;
      return mark <= now.gone ? (mark - now.goneBefore) / now.perMs : null;
    },
  };
}
