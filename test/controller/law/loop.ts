import {
  type ControlState,
  initial,
  step,
} from "../../../controller/law/control.js";
import type { Policy, Reading } from "../../../controller/law/inputs.js";
import { ratesOf } from "../../../controller/law/rate-state.js";
import { PRESETS } from "../../../controller/law/tuning.js";
import { openSimulatedLine } from "../../../controller/simulation/line.js";
import {
  fixedPlan,
  type LinePlan,
  type CapacityStep,
} from "../../../controller/simulation/plan.js";
import {
  eachDirection,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { mbit } from "../../../shared/contract/units.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

/** The law on a simulated line: every cycle, with the capacity at that time. */
export interface Beat {
  readonly atS: number;
  readonly state: ControlState;
  readonly reading: Reading;
  readonly capacityBps: PerDirection<number>;
}

export interface Scene {
  /** [from second, Mbit/s], the first from 0. */
  readonly download: readonly (readonly [number, number])[];
  readonly upload: readonly (readonly [number, number])[];
  readonly flows?: PerDirection<number>;
  /** What the bottleneck's buffer holds at its first rate. */
  readonly bufferMs?: number;
  readonly seconds: number;
  readonly seed?: number;
  readonly hasOneWay?: boolean;
  readonly plan?: Partial<LinePlan>;
  readonly policy?: Partial<Policy>;
  /** What the controller is told, where that is not what happened. */
  readonly seen?: (reading: Reading, atS: number) => Reading;
}

const PERIOD_MS = 50;
const TARGETS = { targetMs: 15, warnMs: 45 };

/** Floor at a fifth of the first step, base at three quarters, ceiling at five quarters. */
function policyFor(scene: Scene): Policy {
  const limits = eachDirection((direction) => {
    const first = mbit(scene[direction][0]?.[1] ?? 0);
    return {
      floorBps: first / 8,
      baseBps: 0.75 * first,
      ceilingBps: 1.25 * first,
      ...TARGETS,
      hardRedMs: direction === "download" ? 80 : Infinity,
    };
  });
  const { restless } = PRESETS.cable;
  return {
    limits,
    restless,
    reflectors: 6,
    spacingMs: PERIOD_MS,
    ...scene.policy,
  };
}

export function play(scene: Scene): readonly Beat[] {
  const policy = policyFor(scene);
  const steps = eachDirection((direction) =>
    scene[direction].map(([s, mbps]): CapacityStep => ({
      fromMs: 1e3 * s,
      bps: mbit(mbps),
    })),
  );
  const plan = {
    ...fixedPlan({
      baseRttMs: 20,
      bufferMs: scene.bufferMs ?? 1000,
      steps,
      flows: scene.flows ?? { download: 4, upload: 4 },
    }),
    ...scene.plan,
  };
  const line = openSimulatedLine({
    plan,
    seed: scene.seed ?? 1,
    reflectors: policy.reflectors,
    spacingMs: policy.spacingMs,
    lossMs: 1000,
  });
  const beats: Beat[] = [];
  let state = initial(policy, 0 as MonoMs);
  while (state.at < 1e3 * scene.seconds) {
    line.shape(ratesOf(state.rate));
    const now = line.advance(PERIOD_MS);
    const told = line.take();
    const taken = scene.hasOneWay
      ? told
      : {
          ...told,
          replies: told.replies.map((reply) => ({ ...reply, oneWayMs: null })),
        };
    const reading = scene.seen?.(taken, now / 1e3) ?? taken;
    state = step(state, reading, now, policy);
    beats.push({
      atS: now / 1e3,
      state,
      reading,
      capacityBps: line.capacityBps(),
    });
  }
  return beats;
}

export const between = (
  beats: readonly Beat[],
  fromS: number,
  toS: number,
): readonly Beat[] => beats.filter(({ atS }) => atS > fromS && atS <= toS);

/** What passed the WAN port, as a part of what the line could carry. */
export function use(beats: readonly Beat[]): PerDirection<number> {
  const counted = beats.flatMap(({ reading }) => reading.traffic);
  const [first, last] = [counted[0], counted.at(-1)];
  if (first === undefined || last === undefined)
    throw new Error("Cannot tell the use of a line: nothing was counted");
  const seconds = (last.at - first.at) / 1e3;
  const sum = (direction: "download" | "upload") =>
    beats.reduce((total, beat) => total + beat.capacityBps[direction], 0);
  return {
    download:
      (8 * (last.downloadBytes - first.downloadBytes)) /
      seconds /
      (sum("download") / beats.length),
    upload:
      (8 * (last.uploadBytes - first.uploadBytes)) /
      seconds /
      (sum("upload") / beats.length),
  };
}

/** A quantile of the delta over the cycles, ms. */
export function deltaMs(beats: readonly Beat[], part: number): number {
  const deltas = beats
    .map(({ state }) => state.estimate.deltaMs ?? 0)
    .sort((a, b) => a - b);
  return deltas[Math.min(deltas.length - 1, Math.floor(part * deltas.length))]!;
}
