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
  /** What the line is sold as, bit/s. */
  readonly nominalBps: PerDirection<number>;
  /** What it carries this very millisecond: for the oracle, no other policy may ask. */
  readonly capacityBps: () => PerDirection<number>;
  readonly random: Random;
}

/** One run of a policy. */
interface Controller {
  /** One beat: what it saw since the last one, and the rates it wishes now, bit/s. */
  decide(seen: SimulatedReading, now: MonoMs): PerDirection<number>;
}

/** A way to set rates: ours, or one to compare it with. */
export interface LabPolicy {
  readonly name: string;
  /** What it is, in a line for people. */
  readonly title: string;
  /** Round robin over so many reflectors, so far apart. */
  readonly reflectors: number;
  readonly spacingMs: number;
  /** How often it decides. */
  readonly beatMs: number;
  /** Its rates are in force at once, without an actuator's delay. */
  readonly isInstant?: boolean;
  /** It knows what its router bears, and wishes no more often. */
  readonly isPaced?: boolean;
  open(setting: Setting): Controller;
}
