/** How much a sender may have under way and how fast it may send, without its packets. */
export interface Congestion {
  windowBytes(): number;
  /** The most that may leave in one millisecond. */
  pacedBytes(): number;
  /** Acks of so many bytes came; while a loss is being repaired only to those that do not heed losses. */
  acked(bytes: number, nowMs: number): void;
  /** A round trip took this long. */
  measured(rttMs: number, nowMs: number): void;
  /** Something was lost. The caller sees to it that this is said once per round trip. */
  lost(): void;
  /** The way has filled up: the end of slow start, if it lasts still. */
  full(): void;
  readonly heedsLoss: boolean;
}
