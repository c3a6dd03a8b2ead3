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

/** A queue named in a file: the key, the name, and the devices or hosts it may be on. */
export interface NamedQueue {
  readonly key: string;
  readonly name: string;
  readonly places: readonly string[];
}

/** Resolves the names in a file. */
export interface RealNames {
  /** A host's canonical name and its known addresses. */
  host(name: string): readonly string[];
  device(name: string): string;
}

/**
 * A kind of shaper, listed in backends.ts. It is given only its own keys and configuration; no other code depends on
 * the kind.
 */
interface AnyBackend<Keys, Config> {
  readonly name: string;
  /** For the documentation of `shaper.backend`. */
  readonly doc: string;
  /** Its own keys. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Rules across its keys, if it is chosen. */
  readonly rules: readonly Rule<Keys>[];
  /** @param file valid keys */
  configOf(file: Keys): Config;
  /** Derived values of its keys that are not set. */
  derived(file: Keys): Derived;
  /** Identifies its devices or queues: a checkpoint is valid only for these. */
  identity(config: Config): string;
  /** Inspects the queues without changing anything. */
  check(config: Config, limits: DesiredQueues["limits"]): Promise<Description>;
  /** The queue configured for a direction; null if none is. */
  queue(file: Keys, direction: Direction, names: RealNames): NamedQueue | null;
  /** Hosts it connects to. */
  hosts(config: Config): readonly string[];
  /** The queues it needs on this host; null if they are elsewhere. */
  hostQueues(
    config: Config,
    limits: DesiredQueues["limits"],
  ): DesiredQueues | null;
}

/** Shapes a real line, measured by probes. */
export interface RealBackend<Keys, Config> extends AnyBackend<Keys, Config> {
  readonly isSimulated: false;
  /** Whether the queues are on another machine, which may route by destination. */
  readonly isRemote: boolean;
  readonly pace: WritePace;
  /** Checks the programs and capabilities it needs. @throws Failure naming what is missing and what to do */
  needs(config: Config): void;
  open(config: Config, clock: Clock, report: Report): Promise<Shaped>;
}

/** A simulated line. */
export interface SimulatedBackend<Keys, Config> extends AnyBackend<
  Keys,
  Config
> {
  readonly isSimulated: true;
  open(config: Config, probe: ProbeConfig, policy: Policy): Line;
}

export type ShaperBackend<Keys, Config> =
  RealBackend<Keys, Config> | SimulatedBackend<Keys, Config>;
