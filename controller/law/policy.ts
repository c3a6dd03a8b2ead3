import type { PerDirection } from "../../shared/contract/direction.js";
import type { Manner } from "./presets.js";

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
  readonly manner: Manner;
  readonly reflectors: number;
  /** How far apart probes leave, ms. */
  readonly spacingMs: number;
}
