import type {
  Direction,
  PerDirection,
} from "../../shared/contract/direction.js";
import type { FaultKind } from "../../shared/contract/router-call.js";

/** The outcome of an operation. */
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

/** Rates in force, bit/s; Infinity for a queue without a limit. */
export type Rates = PerDirection<number>;

/** A router's queues in words, and what keeps the rates from being effective. */
export interface Description {
  readonly is: string;
  readonly warnings: readonly string[];
}

/** Two queues that enforce rates. Operations end within their own deadline and never throw. */
export interface Backend extends AsyncDisposable {
  readonly backend: string;
  readRates(): Promise<Outcome<Rates>>;
  /** Sets one rate. @returns the rate read back, whatever the router replied to the write */
  setRate(direction: Direction, bps: number): Promise<Outcome<number>>;
  describe(): Promise<Outcome<Description>>;
}

/** Requested rates since the start, by outcome. sent = confirmed + refused + unanswered + pending. */
export interface WriteCounts {
  /** Requests that differed from the one before. */
  readonly asked: number;
  readonly sent: number;
  /** Read back as written. */
  readonly confirmed: number;
  /** The router refused the write, or confirmed it without applying it. */
  readonly refused: number;
  /** No answer: the rate is unknown. */
  readonly unanswered: number;
  /** Requests replaced by a newer one before they were sent. */
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

/** The state of the router, for health and status. */
export interface BackendView {
  readonly backend: string;
  readonly reachable: boolean;
  /** Time since that changed, ms. */
  readonly sinceMs: number;
  /** Why it is not reachable; null if it is. */
  readonly error: string | null;
  /** Other problems, in words. */
  readonly warnings: readonly string[];
  readonly writes: WriteCounts;
}

/** Takes the desired rates. The newest wins; a pending operation is finished first. */
export interface Shaper extends AsyncDisposable {
  /** Never waits, never throws. Called every cycle; writes only what changed (CTRL-05). */
  request(desiredBps: PerDirection<number>): void;
  /** The confirmed rates, bit/s; null before the first confirmation (DATA-02). */
  actualBps(): PerDirection<number | null>;
  view(): BackendView;
  /** Sets the final rates at a stop; gives up after `deadlineMs`. */
  leave(rateBps: PerDirection<number>, deadlineMs: number): Promise<void>;
}
