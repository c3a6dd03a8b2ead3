import type {
  Direction,
  PerDirection,
} from "../../shared/contract/direction.js";
import type { FaultKind } from "../../shared/contract/router-call.js";

/** What came of an operation. Operations settle within their own deadline and never throw. */
export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | {
      readonly kind: "failed";
      readonly fault: FaultKind;
      readonly why: string;
    };

export const done = <T>(value: T): Outcome<T> => ({ kind: "done", value });

export const failed = (fault: FaultKind, why: string): Outcome<never> => ({
  kind: "failed",
  fault,
  why,
});

/** Rates in force, bit/s; Infinity where a queue has no limit. */
export type Rates = PerDirection<number>;

/** What a router is, in words, and what about it keeps the rates from working. */
export interface Description {
  readonly is: string;
  readonly warnings: readonly string[];
}

/** What enforces rates: two queues, whatever they are made of. Operations settle within a deadline of their own, and never throw. */
export interface Backend extends AsyncDisposable {
  readonly backend: string;
  readRates(): Promise<Outcome<Rates>>;
  /** Sets one rate. @returns the rate read back, whatever the router said of the write */
  setRate(direction: Direction, bps: number): Promise<Outcome<number>>;
  describe(): Promise<Outcome<Description>>;
}

/** Requested rates since the start, by outcome. sent = confirmed + refused + unanswered + what is pending. */
export interface WriteCounts {
  /** Requests that differed from the one before. */
  readonly asked: number;
  readonly sent: number;
  /** Read back as written. */
  readonly confirmed: number;
  /** The router said no, or said yes and did not. */
  readonly refused: number;
  /** No answer: the rate is unknown. */
  readonly unanswered: number;
  /** Requests never sent, because a newer one came. */
  readonly superseded: number;
}

export const NO_WRITES: WriteCounts = {
  asked: 0,
  sent: 0,
  confirmed: 0,
  refused: 0,
  unanswered: 0,
  superseded: 0,
};

/** How the router is, for health and status. */
export interface BackendView {
  readonly backend: string;
  readonly reachable: boolean;
  /** For how long it is so, ms. */
  readonly sinceMs: number;
  /** Why it is not reachable; null when it is. */
  readonly error: string | null;
  /** What else is not as it should be, in words. */
  readonly warnings: readonly string[];
  readonly writes: WriteCounts;
}

/** Takes the desired rates. The newest wins; a pending operation is finished first. */
export interface Shaper extends AsyncDisposable {
  /** Never waits, never throws. Called every cycle; writes only what changed (CTRL-05). */
  request(desiredBps: PerDirection<number>): void;
  /** What the router is known to enforce, bit/s; null before the first confirmation (DATA-02). */
  actualBps(): PerDirection<number | null>;
  view(): BackendView;
  /** Sets the rates that are to stay behind; gives up at `deadlineMs`. */
  leave(rateBps: PerDirection<number>, deadlineMs: number): Promise<void>;
}
