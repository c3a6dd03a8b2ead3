import type { PerDirection } from "../../shared/contract/direction.js";
import type { ReadingKind } from "../../shared/contract/state.js";
import type { MonoMs } from "../../shared/runtime/clock.js";

/** One answered probe. `reflector` is its index in the list of reflectors. */
export interface Reply {
  readonly reflector: number;
  readonly sentAt: MonoMs;
  readonly receivedAt: MonoMs;
  readonly rttMs: number;
  /**
   * One-way delays, ms: to the reflector (upload) and back (download), each with an unknown constant, since clocks
   * differ; null where the reflector does not report them.
   */
  readonly oneWayMs: PerDirection<number> | null;
}

/** The byte counters of the line at one instant. A smaller value than before means that they were reset. */
export interface Counted {
  readonly at: MonoMs;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

/** What a cycle has to go by; each fact is handed over once. */
export interface Reading {
  readonly kind: ReadingKind;
  /** Replies since the last cycle, by arrival. */
  readonly replies: readonly Reply[];
  /** Probes that passed their deadline since the last cycle. */
  readonly lost: number;
  /** Counter values since the last cycle, oldest first; none where the platform has no counters. */
  readonly traffic: readonly Counted[];
}

/** The configured limits of one direction. */
export interface Limits {
  readonly floorBps: number;
  readonly baseBps: number;
  readonly ceilingBps: number;
  /** Delta at which GREEN ends, ms. The law keeps the delta below it. */
  readonly targetMs: number;
  /** Delta at which YELLOW ends, ms: SOFT_RED follows, or RED where there are three states. */
  readonly warnMs: number;
  /** Delta at which SOFT_RED ends, ms; Infinity where there are three states. */
  readonly hardRedMs: number;
}

/** The configuration of the law. */
export interface Policy {
  readonly limits: PerDirection<Limits>;
  /** What is believed of the line before its cuts tell, 0 to 1: see restlessness.ts. */
  readonly restless: number;
  readonly reflectors: number;
  /** Time between two probes, ms. */
  readonly spacingMs: number;
}
