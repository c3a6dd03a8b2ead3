import { median } from "../../controller/law/estimator.js";
import {
  type Direction,
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import type { State } from "../../shared/contract/state.js";
import type { LabPolicy } from "../policy.js";

/** One direction's configuration of the predecessor, wanctl in Python. Rates in bit/s, thresholds in ms of delta. */
export interface Machine {
  /** The floor in each state. */
  readonly floorsBps: Readonly<Record<State, number>>;
  readonly ceilingBps: number;
  readonly stepUpBps: number;
  readonly cutRed: number;
  readonly cutYellow: number;
  readonly targetMs: number;
  readonly warnMs: number;
  /** Infinity: three states, RED above warnMs. */
  readonly hardRedMs: number;
  readonly greenRequired: number;
  /** YELLOW must last this many cycles; 1 in its first version. */
  readonly dwellCycles: number;
  /** YELLOW ends this far below the target; 0 in its first version. */
  readonly deadbandMs: number;
}

export interface MachineState {
  readonly state: State;
  readonly bps: number;
  readonly greens: number;
  readonly dwelled: number;
}

export const startOf = ({ ceilingBps }: Machine): MachineState => ({
  state: "GREEN",
  bps: ceilingBps,
  greens: 0,
  dwelled: 0,
});

/** One cycle of 50 ms of one direction. Until YELLOW has lasted long enough the state is GREEN, even after RED. */
export function cycleOfPredecessor(
  before: MachineState,
  deltaMs: number,
  machine: Machine,
): MachineState {
  const raw = stateAt(before, deltaMs, machine);
  const dwelled =
    raw === "YELLOW" && before.state !== "YELLOW" ? before.dwelled + 1 : 0;
  const waits = dwelled > 0 && dwelled < machine.dwellCycles;
  const state = waits ? "GREEN" : raw;
  const greens = raw === "GREEN" ? before.greens + 1 : 0;
  const desired = Math.trunc(
    state === "RED"
      ? before.bps * machine.cutRed
      : state === "YELLOW"
        ? before.bps * machine.cutYellow
        : greens >= machine.greenRequired
          ? before.bps + machine.stepUpBps
          : before.bps,
  );
  const bps = Math.min(
    Math.max(desired, machine.floorsBps[state]),
    machine.ceilingBps,
  );
  return { state, bps, greens, dwelled };
}

/** The state by the delta alone, with the deadband below YELLOW. */
function stateAt(
  { state }: MachineState,
  deltaMs: number,
  { targetMs, warnMs, hardRedMs, deadbandMs }: Machine,
): State {
  const isFourStates = hardRedMs < Infinity;
  if (deltaMs > (isFourStates ? hardRedMs : warnMs)) return "RED";
  if (deltaMs > warnMs) return "SOFT_RED";
  if (deltaMs > targetMs) return "YELLOW";
  const exitMs = targetMs - Math.min(deadbandMs, 0.5 * targetMs);
  return state === "YELLOW" && deltaMs >= exitMs && deadbandMs > 0
    ? "YELLOW"
    : "GREEN";
}

export interface Averages {
  readonly loadMs: number;
  readonly baselineMs: number;
}

/** The two averages; the baseline is frozen while the delta is 3 ms or more. */
export function average(
  { loadMs, baselineMs }: Averages,
  rttMs: number,
  { load, baseline }: { readonly load: number; readonly baseline: number },
): Averages {
  const after = (1 - load) * loadMs + load * rttMs;
  return {
    loadMs: after,
    baselineMs:
      after - baselineMs < BASELINE_GATE_MS
        ? (1 - baseline) * baselineMs + baseline * rttMs
        : baselineMs,
  };
}

const BASELINE_GATE_MS = 3;
const CYCLE_MS = 50;
/** Time constants of 0.25 and 50 s. */
const GAINS = { load: CYCLE_MS / 250, baseline: CYCLE_MS / 50_000 };
const REFLECTORS = 3;
/** All three reflectors are probed every 250 ms; each reply is used by five cycles. */
const ROUND_MS = 250;

/**
 * wanctl in Python (kevinb361/wanctl), reimplemented from a description of its behaviour: 20 cycles a second, each with a
 * step that depends on its state. All states have the same floor, which is the better setting on a line that falls.
 */
export const PREDECESSOR: LabPolicy = {
  name: "predecessor",
  title: "wanctl in Python: four states, one step per cycle",
  reflectors: REFLECTORS,
  spacingMs: Math.floor(ROUND_MS / REFLECTORS),
  cycleMs: CYCLE_MS,
  open({ limits }) {
    const machines = eachDirection((d): Machine => {
      const { floorBps, ceilingBps, ...thresholds } = limits[d];
      return {
        ...thresholds,
        floorsBps: {
          GREEN: floorBps,
          YELLOW: floorBps,
          SOFT_RED: floorBps,
          RED: floorBps,
        },
        ceilingBps,
        stepUpBps: 0.01 * ceilingBps,
        cutRed: 0.85,
        cutYellow: 0.96,
        greenRequired: 5,
        dwellCycles: 3,
        deadbandMs: 3,
      };
    });
    let machineStates: PerDirection<MachineState> = eachDirection((d) =>
      startOf(machines[d]),
    );
    let averages: Averages | null = null;
    let newestMs: number | null = null;
    const round: number[] = [];
    return {
      decide({ replies }) {
        for (const { rttMs } of replies) {
          round.push(rttMs);
          if (round.length < REFLECTORS) continue;
          newestMs = median(round);
          round.length = 0;
        }
        if (newestMs !== null) {
          averages = average(
            averages ?? { loadMs: newestMs, baselineMs: newestMs },
            newestMs,
            GAINS,
          );
          const deltaMs = averages.loadMs - averages.baselineMs;
          const next = (d: Direction) =>
            cycleOfPredecessor(machineStates[d], deltaMs, machines[d]);
          machineStates = eachDirection(next);
        }
        return eachDirection((d) => machineStates[d].bps);
      },
    };
  },
};
