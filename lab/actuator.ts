import type { Random } from "../controller/simulation/random.js";
import {
  type Direction,
  DIRECTIONS,
  type PerDirection,
} from "../shared/contract/direction.js";
import type { ActuatorKind } from "./scenario.js";

/** Applies desired rates as late and as seldom as a real shaper. Time never goes back. */
interface Actuator {
  /** The rates desired from now on, bit/s; the newest replace earlier ones. */
  request(bps: PerDirection<number>, nowMs: number): void;
  /** When the next change is due; Infinity if none is. */
  nextMs(): number;
  /** Makes the changes that are due; returns the actual rates. */
  pass(nowMs: number): PerDirection<number>;
  /** Values written so far. */
  writes(): number;
}

const TC_MS = 1;
const API_LOW_MS = 15;
const API_HIGH_MS = 50;
/** For policies without a pace of their own: writes per second, one of them reserved for cuts. */
const BUDGET = 2;
const BUDGET_MS = 1000;
const RAISE_MIN_RATIO = 0.02;

/** @param isPaced whether the policy limits its writes itself, so that each request is written */
export function openLabActuator(
  kind: ActuatorKind,
  random: Random,
  isPaced = false,
): Actuator {
  return kind === "tc" ? openLabTc() : openRouterOs(random, isPaced);
}

const UNSHAPED = { download: Infinity, upload: Infinity };

/** A rate is in force a millisecond after its request. */
export function openLabTc(delayMs = TC_MS): Actuator {
  let rates: PerDirection<number> = UNSHAPED;
  let desired = rates;
  let dueMs = Infinity;
  let writes = 0;
  return {
    request(bps, nowMs) {
      const changed = DIRECTIONS.filter((d) => bps[d] !== desired[d]).length;
      if (changed === 0) return;
      writes += changed;
      desired = bps;
      dueMs = nowMs + delayMs;
    },
    nextMs: () => dueMs,
    pass(nowMs) {
      if (nowMs >= dueMs) {
        rates = desired;
        dueMs = Infinity;
      }
      return rates;
    },
    writes: () => writes,
  };
}

/** One write at a time, of one direction; cuts before raises. */
function openRouterOs(random: Random, isPaced: boolean): Actuator {
  const rates: Record<Direction, number> = { ...UNSHAPED };
  let desired: PerDirection<number> = rates;
  let sending: { direction: Direction; bps: number; doneMs: number } | null =
    null;
  const sentMs: number[] = [];
  let writes = 0;

  /** How far the desired rate is below the actual one; negative for raises. */
  const cutRatio = (d: Direction) => 1 - desired[d] / rates[d];

  function isDue(direction: Direction, nowMs: number): boolean {
    const recent = sentMs.filter((ms) => nowMs - ms < BUDGET_MS).length;
    if (desired[direction] === rates[direction]) return false;
    if (isPaced || rates[direction] === Infinity) return true;
    return desired[direction] < rates[direction]
      ? recent < BUDGET
      : recent < BUDGET - 1 && -cutRatio(direction) >= RAISE_MIN_RATIO;
  }

  function send(nowMs: number) {
    const due = DIRECTIONS.filter((d) => isDue(d, nowMs));
    const direction = due.sort((a, b) => cutRatio(b) - cutRatio(a))[0];
    if (direction === undefined) return;
    const doneMs = nowMs + Math.ceil(random.between(API_LOW_MS, API_HIGH_MS));
    sending = { direction, bps: desired[direction], doneMs };
    sentMs.push(nowMs);
    if (sentMs.length > BUDGET) sentMs.shift();
    writes++;
  }

  return {
    request(bps, nowMs) {
      desired = bps;
      if (sending === null) send(nowMs);
    },
    nextMs: () => sending?.doneMs ?? Infinity,
    pass(nowMs) {
      if (sending !== null && nowMs >= sending.doneMs) {
        rates[sending.direction] = sending.bps;
        sending = null;
        send(nowMs);
      }
      return { ...rates };
    },
    writes: () => writes,
  };
}
