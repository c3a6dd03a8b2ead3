import type {
  Direction,
  PerDirection,
} from "../../shared/contract/direction.js";
import type { Outcome } from "../../shared/routeros/session.js";

/** Rates in force, bit/s; Infinity where a queue has no limit. */
export type Rates = PerDirection<number>;

/** What a router is, in words, and what about it keeps the rates from working. */
export interface Description {
  readonly is: string;
  readonly warnings: readonly string[];
}

/** What enforces rates: two queues, whatever they are made of. Operations settle within a deadline of their own, and never throw. */
export interface Router extends AsyncDisposable {
  readonly backend: "tc" | "routeros";
  readRates(): Promise<Outcome<Rates>>;
  /** Sets one rate. @returns the rate read back, whatever the router said of the write */
  setRate(direction: Direction, bps: number): Promise<Outcome<number>>;
  describe(): Promise<Outcome<Description>>;
}
