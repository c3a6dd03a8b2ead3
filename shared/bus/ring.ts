import { MINUTE_MS } from "../contract/units.js";
import { type MonoMs, msSince } from "../runtime/clock.js";

/** The seqs from `first` to `last`, all of them. */
export interface HeldSeqs {
  readonly first: number;
  readonly last: number;
}

/**
 * A run's newest frames as bytes, for whoever missed them. Freed by age and size only, never because somebody says it
 * has them: a recorder may lose its disk.
 */
export interface Ring {
  /** Keeps the frame after the last one. Any other number starts afresh: what is held has no holes. */
  push(seq: number, at: MonoMs, bytes: Uint8Array): void;
  /** Copies of what is still held of the range, from its first held seq on; the ring goes on while they travel. */
  slice(fromSeq: number, toSeq: number): readonly Buffer[];
  held(): HeldSeqs | null;
  readonly counts: {
    /** Frames that left by age, which is how it should be. */
    readonly aged: number;
    /** Frames that left before their time to make room. */
    readonly crowded: number;
  };
}

/** The longest time that a ring may keep frames, minutes. */
export const KEPT_MINUTES_MAX = 240;

export interface RingLimits {
  readonly minutes: number;
  readonly megabytes: number;
}

/** No frame is shorter: the header alone takes more. Bounds the index by the bytes. */
const FRAME_BYTES_MIN = 128;

/**
 * All memory is taken here, once. Pages that were never written cost nothing.
 *
 *     bytes:  [ 7 | 8 | 9 |  free  | 3 | 4 | 5 | 6 | - ]      a frame is never split: the end may stay unused
 *                         ^ end    ^ first
 */
export function createRing({ minutes, megabytes }: RingLimits): Ring {
  const keepMs = minutes * MINUTE_MS;
  const capacity = megabytes * 2 ** 20;
  const slots = capacity / FRAME_BYTES_MIN;
  const bytes = Buffer.allocUnsafe(capacity);
  const offsets = new Uint32Array(slots);
  const lengths = new Uint32Array(slots);
  const times = new Float64Array(slots);
  const counts = { aged: 0, crowded: 0 };
  let first = 1;
  let count = 0;
  let end = 0;

  const number = (list: Uint32Array | Float64Array, seq: number): number =>
    list[seq % slots] ?? 0;

  function forget(reason: keyof typeof counts): void {
    first++;
    count--;
    counts[reason]++;
  }

  function forgetOld(now: MonoMs): void {
    while (count > 0 && msSince(number(times, first) as MonoMs, now) > keepMs)
      forget("aged");
  }

  /** Where the next `length` bytes go, null while older frames are in the way. */
  function room(length: number): number | null {
    if (count === 0) return 0;
    if (count === slots) return null;
    const begin = number(offsets, first);
    if (end <= begin) return begin - end >= length ? end : null;
    if (capacity - end >= length) return end;
    return begin >= length ? 0 : null;
  }

  return {
    counts,
    held: () => (count === 0 ? null : { first, last: first + count - 1 }),
    push(seq, at, frame) {
      forgetOld(at);
      if (frame.length > capacity || seq !== first + count) {
        while (count > 0) forget("crowded");
        first = seq;
        if (frame.length > capacity) return;
      }
      let place = room(frame.length);
      for (; place === null; place = room(frame.length)) forget("crowded");
      bytes.set(frame, place);
      offsets[seq % slots] = place;
      lengths[seq % slots] = frame.length;
      times[seq % slots] = at;
      end = place + frame.length;
      count++;
    },
    slice(fromSeq, toSeq) {
      const frames: Buffer[] = [];
      const last = Math.min(toSeq, first + count - 1);
      for (let seq = Math.max(fromSeq, first); seq <= last; seq++) {
        const at = number(offsets, seq);
        frames.push(Buffer.from(bytes.subarray(at, at + number(lengths, seq))));
      }
      return frames;
    },
  };
}
