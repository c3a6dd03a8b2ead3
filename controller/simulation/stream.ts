/** Something bytes come out of, a millisecond at a time. What is downstream reads `out`. */
export interface Stream {
  /** Bytes in this millisecond. */
  out: number;
}

/** One stream's place in a queue. */
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

/** What a byte that comes now will wait here if all goes on as it does, ms. */
export const waitMs = ({ waiting, out }: Slot): number =>
  waiting > 0 ? waiting / out : 0;

/** bit/s to bytes in one millisecond. */
export const bytesPerMs = (bps: number): number => bps / 8e3;
