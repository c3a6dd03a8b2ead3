import { openCodel, type Codel } from "./codel.js";
import { SEGMENT_BYTES } from "./cubic.js";
import { slotFor, type Slot, type Stream } from "./stream.js";

/** The shaper: a queue for each stream, all served alike, each kept short by its own CoDel. */
export interface Cake<From extends Stream = Stream> {
  readonly slots: readonly Slot<From>[];
  /** One millisecond in which `rate` bytes may leave. */
  pass(rate: number, nowMs: number): void;
  /** The most that a sparse packet waits: for the one that is being sent, ms. */
  packetMs(): number;
}

const LEAST_LIMIT_BYTES = 4 * 2 ** 20;
const LIMIT_MS = 400;

type Queue = Slot & { readonly codel: Codel; isServed: boolean };

/** @param ingress what CAKE loses counts as sent, for it has already come through the bottleneck */
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

/** Every stream gets the same share, and what one does not need goes to the others. */
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

/** What is beyond the limit is lost by whoever has most. Returns how much that was. */
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
