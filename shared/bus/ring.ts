import { MINUTE_MS } from "../contract/units.js";
import { type MonoMs, msSince } from "../runtime/clock.js";

/** All sequence numbers from `first` to `last`. */
export interface HeldSeqs {
  readonly first: number;
  readonly last: number;
}

/**
 * The newest frames of a run, encoded, for replay to recorders. Freed by age and size only, never by acknowledgement: a
 * recorder may lose its disk.
 */
export interface Ring {
  /** Appends a frame. A number other than the next one clears the ring, so that it never has holes. */
  push(seq: number, at: MonoMs, bytes: Uint8Array): void;
  /** Copies of the held frames in the range; the ring may be overwritten while they are being sent. */
  slice(fromSeq: number, toSeq: number): readonly Buffer[];
  held(): HeldSeqs | null;
  readonly counts: {
    /** Frames dropped because of their age, which is normal. */
    readonly aged: number;
    /** Frames dropped early to make room. */
    readonly crowded: number;
  };
}

/** Maximum time a ring keeps frames, minutes. */
export const KEPT_MINUTES_MAX = 240;

export interface RingLimits {
  readonly minutes: number;
  readonly megabytes: number;
}

/** Minimum frame size (the header alone is longer); bounds the size of the index. */
const FRAME_BYTES_MIN = 128;

/**
 * All memory is allocated here, once. Pages never written to cost nothing.
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

  /** Where the next `length` bytes go; null while older frames occupy the space. */
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
