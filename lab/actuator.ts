import type { Random } from "../controller/simulation/random.js";
import {
  type Direction,
  DIRECTIONS,
  type PerDirection,
} from "../shared/contract/direction.js";
import type { ActuatorKind } from "./scenario.js";

/** Brings wishes to the shaper, as late and as seldom as the real thing. Instants never go back. */
interface Actuator {
  /** The rates wanted from now on, bit/s; the newest wish counts. */
  wish(bps: PerDirection<number>, nowMs: number): void;
  /** When something happens next; Infinity if nothing will. */
  nextMs(): number;
  /** Does what is due; returns the rates then in force. */
  pass(nowMs: number): PerDirection<number>;
  /** Values written so far. */
  writes(): number;
}

const TC_MS = 1;
const API_LOW_MS = 15;
const API_HIGH_MS = 50;
/** For policies without a pace of their own: two writes a second, and raises leave room for a cut. */
const BUDGET = 2;
const BUDGET_MS = 1000;
const RAISE_MIN_RATIO = 0.02;

/** @param isPaced whether wishes keep to a router's pace already, so that each of them is written */
export function openLabActuator(
  kind: ActuatorKind,
  random: Random,
  isPaced = false,
): Actuator {
  return kind === "tc" ? openLabTc() : openRouterOs(random, isPaced);
}

const UNSHAPED = { download: Infinity, upload: Infinity };

/** A rate in force a millisecond after it was wished. */
export function openLabTc(delayMs = TC_MS): Actuator {
  let rates: PerDirection<number> = UNSHAPED;
  let wished = rates;
  let dueMs = Infinity;
  let writes = 0;
  return {
    wish(bps, nowMs) {
      const changed = DIRECTIONS.filter((d) => bps[d] !== wished[d]).length;
      if (changed === 0) return;
      writes += changed;
      wished = bps;
      dueMs = nowMs + delayMs;
    },
    nextMs: () => dueMs,
    pass(nowMs) {
      if (nowMs >= dueMs) {
        rates = wished;
        dueMs = Infinity;
      }
      return rates;
    },
    writes: () => writes,
  };
}

/** One request under way, one direction each, cuts before raises. */
function openRouterOs(random: Random, isPaced: boolean): Actuator {
  const rates: Record<Direction, number> = { ...UNSHAPED };
  let wished: PerDirection<number> = rates;
  let sending: { direction: Direction; bps: number; doneMs: number } | null =
    null;
  const sentMs: number[] = [];
  let writes = 0;

  /** How far below what is in force a direction's wish is; negative for raises. */
  const cutRatio = (d: Direction) => 1 - wished[d] / rates[d];

  function isDue(direction: Direction, nowMs: number): boolean {
    const recent = sentMs.filter((ms) => nowMs - ms < BUDGET_MS).length;
    if (wished[direction] === rates[direction]) return false;
    if (isPaced || rates[direction] === Infinity) return true;
    return wished[direction] < rates[direction]
      ? recent < BUDGET
      : recent < BUDGET - 1 && -cutRatio(direction) >= RAISE_MIN_RATIO;
  }

  function send(nowMs: number) {
    const due = DIRECTIONS.filter((d) => isDue(d, nowMs));
    const direction = due.sort((a, b) => cutRatio(b) - cutRatio(a))[0];
    if (direction === undefined) return;
    const doneMs = nowMs + Math.ceil(random.between(API_LOW_MS, API_HIGH_MS));
    sending = { direction, bps: wished[direction], doneMs };
    sentMs.push(nowMs);
    if (sentMs.length > BUDGET) sentMs.shift();
    writes++;
  }

  return {
    wish(bps, nowMs) {
      wished = bps;
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
