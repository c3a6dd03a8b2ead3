import { type Slot, slotFor, type Stream } from "./stream.js";
import { SEGMENT_BYTES } from "./tcp.js";

/** CoDel (RFC 8289): drops when the delay was above target for a whole interval. */
interface Codel {
  /** Called once per millisecond: whether to drop a packet now. */
  drops(waiting: number, perMs: number, nowMs: number): boolean;
}

const TARGET_MS = 5;
const INTERVAL_MS = 100;
/** Less than this does not count as a queue, whatever its delay. */
const LEAST_BYTES = 1.5 * SEGMENT_BYTES;

/** The drop rate grows with the square root of the drop count while the queue stands; the count decays afterwards. */
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

/** The shaper: a queue per stream, served fairly, each with its own CoDel. */
export interface Cake<From extends Stream = Stream> {
  readonly slots: readonly Slot<From>[];
  /** Advances by one millisecond in which `rate` bytes may leave. */
  pass(rate: number, nowMs: number): void;
  /** Maximum wait of a sparse packet: for the packet being sent, ms. */
  packetMs(): number;
}

const LEAST_LIMIT_BYTES = 4 * 2 ** 20;
const LIMIT_MS = 400;

type Queue = Slot & { readonly codel: Codel; isServed: boolean };

/** @param ingress drops count as sent, since they have already passed the bottleneck */
export function openCake<From extends Stream>(
  streams: readonly From[],
  ingress: boolean,
): Cake<From> {
  const slots = streams.map((from) => ({
    ...slotFor(from),
    codel: openCodel(),
    isServed: false,
  }));
  const now = { bytes: 0, perMs: Infinity, debt: 0 };
  return {
    slots,
    pass(rate, nowMs) {
      const charged = Math.min(now.debt, rate);
      let held = 0;
      for (const slot of slots) {
        slot.lost = 0;
        slot.waiting += slot.from.out;
        held += slot.waiting;
      }
      const limit = Math.max(LEAST_LIMIT_BYTES, LIMIT_MS * rate);
      held -= shorten(slots, held, limit);
      serve(slots, held, rate - charged);
      let bytes = 0;
      let lost = 0;
      for (const slot of slots) {
        if (slot.codel.drops(slot.waiting, slot.out, nowMs)) {
          slot.waiting -= SEGMENT_BYTES;
          slot.lost += SEGMENT_BYTES;
        }
        bytes += slot.waiting;
        lost += slot.lost;
      }
      now.bytes = bytes;
      now.perMs = rate;
      if (ingress) now.debt += lost - charged;
    },
    packetMs: () => (now.bytes > 0 ? SEGMENT_BYTES / now.perMs : 0),
  };
}

/** Max-min fairness: equal shares, unused parts go to the others. */
function serve(slots: readonly Queue[], bytes: number, rate: number): void {
  if (bytes <= rate) {
    for (const slot of slots) {
      slot.out = slot.waiting;
      slot.waiting = 0;
    }
    return;
  }
  for (const slot of slots) slot.isServed = false;
  let room = rate;
  let hungry = slots.length;
  let found: boolean;
  do {
    found = false;
    for (const slot of slots) {
      if (slot.isServed || slot.waiting * hungry > room) continue;
      slot.isServed = found = true;
      slot.out = slot.waiting;
      slot.waiting = 0;
      room -= slot.out;
      hungry--;
    }
  } while (found);
  for (const slot of slots) {
    if (slot.isServed) continue;
    slot.out = room / hungry;
    slot.waiting -= slot.out;
  }
}

/** Drops what exceeds the limit from the longest queue. @returns bytes dropped */
function shorten(
  slots: readonly Queue[],
  bytes: number,
  limitBytes: number,
): number {
  if (bytes <= limitBytes) return 0;
  const fattest = slots.reduce((a, b) => (b.waiting > a.waiting ? b : a));
  const excess = Math.min(bytes - limitBytes, fattest.waiting);
  fattest.waiting -= excess;
  fattest.lost += excess;
  return excess;
}

/** The bottleneck: one tail-drop FIFO for all streams. */
export interface Fifo<From extends Stream = Stream> {
  readonly slots: readonly Slot<From>[];
  /** Advances by one millisecond in which `capacity` bytes can leave. */
  pass(capacity: number): void;
  /** Wait of a byte that arrives now, at the current capacity, ms. */
  waitMs(): number;
  /** Maximum wait for packets of the same burst, ms: bursts grow with the load. */
  burstMs(): number;
  /** Loss ratio of the last millisecond's arrivals. */
  lossRatio(): number;
  /** Position of the last byte that arrived, counted from the start. */
  mark(): number;
  /**
   * When in the last millisecond the byte at `mark` left, 0..1; null while it waits. This gives the exact delay, even
   * if the capacity changes meanwhile.
   */
  goneAt(mark: number): number | null;
}

/** Burst size as observed on a real kernel with four connections: delayed acks release several packets at once. */
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
      // an empty queue has sent everything: rounding must not keep a probe waiting
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
