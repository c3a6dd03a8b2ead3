import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import { PERIOD_MS, type Row } from "../../shared/contract/row.js";
import { READINGS, STATES } from "../../shared/contract/state.js";
import { sumOf } from "./rollup.js";

/** What a bucket rests on. Adds up. */
export interface Coverage {
  /** Cycles stored. */
  readonly cycles: number;
  /** Beats that the controller dropped. */
  readonly missed: number;
  /** How many cycles had each reading, by its code. */
  readonly readings: readonly number[];
  /** How long each state was held, ms, by its code. */
  readonly heldMs: PerDirection<readonly number[]>;
}

/** A cycle speaks for the beats dropped before it too, but not for more than this: what was then, nobody knows. */
const HELD_MAX_MS = 1_000;

const STATE_OF = { download: "stateDownload", upload: "stateUpload" } as const;

/** How long a cycle speaks for its state, with so many beats dropped before it. */
export const heldByCycleMs = (missed: number): number =>
  Math.min(HELD_MAX_MS, (1 + missed) * PERIOD_MS);

export function coverageOf(cycles: readonly Row[]): Coverage {
  const readings = READINGS.map(() => 0);
  const heldMs = eachDirection(() => STATES.map(() => 0));
  let missed = 0;
  for (const row of cycles) {
    missed = sumOf(missed, row.missed);
    add(readings, row.reading, 1);
    const ms = heldByCycleMs(row.missed);
    for (const d of DIRECTIONS) add(heldMs[d], row[STATE_OF[d]], ms);
  }
  return { cycles: cycles.length, missed, readings, heldMs };
}

export const mergeCoverage = (a: Coverage, b: Coverage): Coverage => ({
  cycles: a.cycles + b.cycles,
  missed: sumOf(a.missed, b.missed),
  readings: sums(a.readings, b.readings),
  heldMs: eachDirection((d) => sums(a.heldMs[d], b.heldMs[d])),
});

/** The state held longest, of two the worse; null where none was. */
export function stateHeldLongest(heldMs: readonly number[]): number | null {
  const longest = Math.max(0, ...heldMs);
  return longest > 0 ? heldMs.lastIndexOf(longest) : null;
}

function add(list: number[], place: number, n: number): void {
  list[place] = (list[place] ?? 0) + n;
}

const sums = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((n, i) => n + (b[i] ?? 0));
