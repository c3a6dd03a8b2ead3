import type { Limits } from "../controller/law/inputs.js";
import type { PresetName } from "../controller/law/tuning.js";
import type { SimulatedReading } from "../controller/simulation/line.js";
import type { Random } from "../controller/simulation/random.js";
import type { PerDirection } from "../shared/contract/direction.js";
import type { MonoMs } from "../shared/runtime/clock.js";
import type { ActuatorKind } from "./scenario.js";

/** What a controller is told of its line before it starts. */
interface Setting {
  readonly actuator: ActuatorKind;
  readonly kind: PresetName;
  readonly limits: PerDirection<Limits>;
  /** The line's advertised rate, bit/s. */
  readonly nominalBps: PerDirection<number>;
  /** The capacity at this millisecond. For the oracles only. */
  readonly capacityBps: () => PerDirection<number>;
  readonly random: Random;
}

/** One run of a policy. */
interface Controller {
  /** One cycle: takes what was seen since the last one, returns the desired rates, bit/s. */
  decide(seen: SimulatedReading, now: MonoMs): PerDirection<number>;
}

/** A rate controller: ours, or one to compare it with. */
export interface LabPolicy {
  readonly name: string;
  /** One line of description. */
  readonly title: string;
  /** Probes go round robin over this many reflectors, one every `spacingMs`. */
  readonly reflectors: number;
  readonly spacingMs: number;
  /** Time between two decisions, ms. */
  readonly cycleMs: number;
  /** Its rates take effect without an actuator's delay. */
  readonly isInstant?: boolean;
  /** It limits its writes to what its router can take. */
  readonly isPaced?: boolean;
  open(setting: Setting): Controller;
}
