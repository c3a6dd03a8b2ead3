import type { Limits } from "../controller/law/inputs.js";
import type { PresetName } from "../controller/law/tuning.js";
import type { DirectionPlan, LinePlan } from "../controller/simulation/plan.js";
import { ALWAYS, type TrafficPlan } from "../controller/simulation/traffic.js";
import {
  type Direction,
  eachDirection,
  type PerDirection,
} from "../shared/contract/direction.js";
import { mbit } from "../shared/contract/units.js";

/** How rates reach the shaper: `tc` at once, a RouterOS API late and seldom. */
export type ActuatorKind = "tc" | "routeros";

/** A line with its users and its router, for some time. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly seconds: number;
  /** Scores cover the time from here on. */
  readonly scoredFromMs: number;
  /** The controller starts here; before, the line is unshaped. */
  readonly startsAtMs: number;
  readonly plan: LinePlan;
  readonly actuator: ActuatorKind;
  /** The preset that an operator would configure for it. */
  readonly kind: PresetName;
  /** The directions that are filled, and scored. None on an idle line, where only the policy's actions are scored. */
  readonly loaded: readonly Direction[];
  readonly nominalBps: PerDirection<number>;
  readonly limits: PerDirection<Limits>;
}

/** A scenario by its differences from the defaults. Rates in Mbit/s. */
export interface ScenarioSketch {
  readonly id: string;
  readonly title: string;
  readonly seconds: number;
  readonly nominal: PerDirection<number>;
  readonly capacity: PerDirection<DirectionPlan["capacity"]>;
  /** Bulk TCP flows, CUBIC by default. */
  readonly flows: PerDirection<number>;
  /** How long each of them lasts and pauses; without end where not said. */
  readonly lasting?: Pick<TrafficPlan["bulk"], "onMeanMs" | "offMeanMs">;
  readonly congestion?: "cubic" | "bbr";
  readonly loadFromMs?: number;
  readonly scoredFromMs?: number;
  readonly startsAtMs?: number;
  readonly actuator?: ActuatorKind;
  /** Default: `cable`. */
  readonly kind?: PresetName;
  readonly baseRttMs?: number;
  readonly jitterMs?: number;
  readonly bufferMs?: number;
  readonly schedulerMs?: PerDirection<number>;
  readonly path?: Pick<
    LinePlan,
    "detours" | "spikes" | "faults" | "sightRatio" | "countedEveryMs"
  >;
  /** Floor, base and ceiling as parts of the nominal rate. */
  readonly bounds?: readonly [floor: number, base: number, ceiling: number];
}

const THRESHOLDS = { targetMs: 15, warnMs: 45 };
const HARD_RED_MS = 80;

/** Web pages and calls beside the bulk flows: a few per cent of the line. */
const web = (nominalMbps: number) => ({
  onMeanMs: 300,
  offMeanMs: 5000,
  steadyBps: mbit(0.1),
  burstBps: mbit(0.1 * nominalMbps),
});

export function scenario(sketch: ScenarioSketch): Scenario {
  const { nominal, capacity, flows, congestion = "cubic" } = sketch;
  const [floor, base, ceiling] = sketch.bounds ?? [0.1, 0.5, 1.05];
  const plan = (direction: Direction): DirectionPlan => ({
    capacity: capacity[direction],
    bufferMs: sketch.bufferMs ?? 1000,
    schedulerMs: sketch.schedulerMs?.[direction] ?? 0,
    bulk: {
      ...(sketch.lasting ?? ALWAYS),
      flows: flows[direction],
      congestion,
      fromMs: sketch.loadFromMs ?? 3000,
    },
    background: web(nominal[direction]),
  });
  return {
    id: sketch.id,
    title: sketch.title,
    seconds: sketch.seconds,
    scoredFromMs: sketch.scoredFromMs ?? 8000,
    startsAtMs: sketch.startsAtMs ?? 0,
    actuator: sketch.actuator ?? "tc",
    kind: sketch.kind ?? "cable",
    loaded: (["download", "upload"] as const).filter((d) => flows[d] > 0),
    plan: {
      baseRttMs: sketch.baseRttMs ?? 20,
      jitterMs: sketch.jitterMs ?? 0.3,
      probeLossRatio: 0.002,
      ...sketch.path,
      ...eachDirection(plan),
    },
    nominalBps: eachDirection((d) => mbit(nominal[d])),
    limits: eachDirection((d) => ({
      ...THRESHOLDS,
      hardRedMs: d === "download" ? HARD_RED_MS : Infinity,
      floorBps: mbit(floor * nominal[d]),
      baseBps: mbit(base * nominal[d]),
      ceilingBps: mbit(ceiling * nominal[d]),
    })),
  };
}
