import type { Derived, Rule } from "../../shared/config/config.js";
import type { Direction } from "../../shared/contract/direction.js";
import type { Clock } from "../../shared/runtime/clock.js";
import type { Report } from "../../shared/runtime/outage.js";
import type { Policy } from "../law/inputs.js";
import type { Line, Shaped } from "../line/line.js";
import type { ProbeConfig } from "../probes/pinger.js";
import type { DesiredQueues } from "../qdisc/parse.js";
import type { WritePace } from "./pace.js";
import type { Description } from "./shaper.js";

/** What a queue is set by: the key that names it, its name, and every place where it may be. */
export interface NamedQueue {
  readonly key: string;
  readonly name: string;
  readonly places: readonly string[];
}

/** The real things behind the names in a file. */
export interface RealNames {
  /** A host's name in one spelling, and its addresses as far as they are known. */
  host(name: string): readonly string[];
  device(name: string): string;
}

/**
 * One kind of shaper, all of which stand in one table (backends.ts). Given keys and configurations of its own only.
 * Nothing else in the project knows which kinds there are.
 */
interface AnyBackend<Keys, Config> {
  readonly name: string;
  /** What it is, for the documentation of `shaper.backend`. */
  readonly doc: string;
  /** Its own keys. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** What must hold between its keys where it is chosen. */
  readonly rules: readonly Rule<Keys>[];
  /** @param file keys without problems */
  configOf(file: Keys): Config;
  /** What follows for its keys that are left out. */
  derived(file: Keys): Derived;
  /** Tells its devices or queues from all others: what was learned on a line holds for these only. */
  identity(config: Config): string;
  /** Looks at what shapes, and changes nothing. */
  check(config: Config, limits: DesiredQueues["limits"]): Promise<Description>;
  /** The queue that the keys name for a direction; null where they name none. */
  queue(file: Keys, direction: Direction, names: RealNames): NamedQueue | null;
  /** Hosts that it speaks to. */
  hosts(config: Config): readonly string[];
  /** The queues that it wants on this host; null where they are elsewhere. */
  hostQueues(
    config: Config,
    limits: DesiredQueues["limits"],
  ): DesiredQueues | null;
}

/** Shapes a real line, which probes measure. */
export interface RealBackend<Keys, Config> extends AnyBackend<Keys, Config> {
  readonly isSimulated: false;
  /** Whether the queues are on another machine, which may route by destination. */
  readonly isRemote: boolean;
  readonly pace: WritePace;
  /** Tries the programs and rights that it cannot do without. @throws Failure saying what is missing, and what to do */
  needs(config: Config): void;
  open(config: Config, clock: Clock, report: Report): Promise<Shaped>;
}

/** A line of its own, with nothing real about it. */
export interface SimulatedBackend<Keys, Config> extends AnyBackend<
  Keys,
  Config
> {
  readonly isSimulated: true;
  open(config: Config, probe: ProbeConfig, policy: Policy): Line;
}

export type ShaperBackend<Keys, Config> =
  RealBackend<Keys, Config> | SimulatedBackend<Keys, Config>;
