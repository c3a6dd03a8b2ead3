import type { PerDirection } from "../../shared/contract/direction.js";
import type { ReadingKind } from "../../shared/contract/state.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { Gains } from "./tuning.js";

/** One answered probe. `reflector` is its place in the list of reflectors. */
export interface Reply {
  readonly reflector: number;
  readonly sentAt: MonoMs;
  readonly receivedAt: MonoMs;
  readonly rttMs: number;
  /**
   * One-way times, ms: to the reflector (upload) and back (download), each with an unknown constant, for clocks differ;
   * null where the reflector does not tell.
   */
  readonly oneWayMs: PerDirection<number> | null;
}

/** The byte counters of the line, at one instant. They only grow; a smaller value is a new start. */
export interface Counted {
  readonly at: MonoMs;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

/** Facts that were there at a beat, each handed over once. */
export interface Reading {
  readonly kind: ReadingKind;
  /** Replies since the last beat, in the order they came. */
  readonly replies: readonly Reply[];
  /** Probes that passed their deadline since the last beat. */
  readonly lost: number;
  /** Counter values since the last beat, oldest first; none where the platform has no counters. */
  readonly traffic: readonly Counted[];
}

/** What the operator wants of one direction. */
export interface Limits {
  readonly floorBps: number;
  readonly baseBps: number;
  readonly ceilingBps: number;
  /** Where GREEN ends, ms of delta. The rate law keeps below it. */
  readonly targetMs: number;
  /** Where YELLOW ends: SOFT_RED in four states, RED in three. */
  readonly warnMs: number;
  /** Where SOFT_RED ends; Infinity for a direction with three states. */
  readonly hardRedMs: number;
}

/** Everything `step` prefers. */
export interface Policy {
  readonly limits: PerDirection<Limits>;
  readonly gains: Gains;
  readonly reflectors: number;
  /** How far apart probes leave, ms. */
  readonly spacingMs: number;
}
