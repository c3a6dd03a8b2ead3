/** A source of bytes, per millisecond; the next stage reads `out`. */
export interface Stream {
  /** Bytes in this millisecond. */
  out: number;
}

/** The part of a queue that belongs to one stream. */
export interface Slot<From extends Stream = Stream> extends Stream {
  readonly from: From;
  waiting: number;
  /** Bytes lost in this millisecond. */
  lost: number;
}

export const slotFor = <From extends Stream>(from: From): Slot<From> => ({
  from,
  out: 0,
  waiting: 0,
  lost: 0,
});

/** Wait of a byte that arrives now, at the current rate, ms. */
export const waitMs = ({ waiting, out }: Slot): number =>
  waiting > 0 ? waiting / out : 0;

/** bit/s to bytes in one millisecond. */
export const bytesPerMs = (bps: number): number => bps / 8e3;

/** Delays bytes by whole milliseconds. */
interface DelayLine {
  /** At least 1 ms, at most {@link LONGEST_MS}; rounded. */
  put(bytes: number, afterMs: number): void;
  /** Bytes due in this millisecond. To be called once per millisecond. */
  take(): number;
}

/** Maximum delay: longer than any realistic queue. */
export const LONGEST_MS = 8191;

export function openDelayLine(): DelayLine {
  const ring = new Float64Array(LONGEST_MS + 1);
  let now = 0;
  return {
    put(bytes, afterMs) {
      const at =
        (now + Math.min(LONGEST_MS, Math.max(1, Math.round(afterMs)))) &
        LONGEST_MS;
      ring[at] = (ring[at] ?? 0) + bytes;
    },
    take() {
      now = (now + 1) & LONGEST_MS;
      const bytes = ring[now] ?? 0;
      ring[now] = 0;
      return bytes;
    },
  };
}
