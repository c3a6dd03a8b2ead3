import { resolve } from "node:path";
import { isIP, isIPv4, isIPv6 } from "node:net";
import type { RingLimits } from "../shared/bus/ring.js";
import type { Problem } from "../shared/config-error.js";
import { loadConfig, type Loaded } from "../shared/config.js";
import {
  DIRECTIONS,
  eachDirection,
  type Direction,
} from "../shared/direction.js";
import type { LogFormat } from "../shared/log.js";
import { mbit } from "../shared/units.js";
import type { Limits, Policy } from "./law/policy.js";
import { PRESETS, type Preset, type PresetName } from "./law/presets.js";
import type { QueueConfig } from "./qdisc/cake.js";
import { leastBudget } from "./pinger/budget.js";
import type { FALLBACKS, PROBE_METHODS } from "./probe-schema.js";
import {
  routerOsConfig,
  routerOsProblems,
  type RouterOsConfig,
} from "./routeros-config.js";
import {
  CONTROLLER_SCHEMA,
  type BACKENDS,
  type File,
  type LEAVES,
  type SIMULATED_LINES,
} from "./schema.js";
import type { OnForeign } from "./shaper/peace.js";

const RESERVED = ["recorder", "steering"];

export interface ControllerConfig {
  readonly wan: string;
  readonly probe: {
    readonly reflectors: readonly string[];
    readonly spacingMs: number;
    readonly lossMs: number;
    readonly source: string | null;
    readonly interface: string | null;
    readonly method: (typeof PROBE_METHODS)[number];
  };
  /** What all probes together may take of the line, each way. */
  readonly probeBudgetBps: number;
  /** Where TCP handshakes are tried while no ping is answered; null: nowhere. */
  readonly fallbackPort: number | null;
  /** A line unused for so long is probed less; null: never. */
  readonly idleAfterMs: number | null;
  readonly shaper:
    | {
        readonly backend: "tc";
        readonly devices: Readonly<Record<Direction, string>>;
        /** For who builds the queues; the controller itself only changes rates. */
        readonly queue: QueueConfig;
        readonly onForeign: OnForeign;
      }
    | {
        readonly backend: "routeros";
        readonly router: RouterOsConfig;
        readonly onForeign: OnForeign;
      }
    | {
        readonly backend: "simulated";
        readonly line: (typeof SIMULATED_LINES)[number];
        readonly seed: number;
      };
  readonly policy: Policy;
  readonly onStop: (typeof LEAVES)[number];
  /** Where what was learned survives a restart; null: nowhere. */
  readonly checkpointFile: string | null;
  /** What is kept for a recorder that is away. */
  readonly replay: RingLimits;
  readonly logFormat: LogFormat;
}

/** Reads a controller's file. @throws ConfigError */
export function loadControllerConfig(file: string): Loaded<ControllerConfig> {
  const { values, shown } = loadControllerFile(file);
  return { values: parsed(values), shown };
}

/** The same, key by key as it stands there. @throws ConfigError */
export const loadControllerFile = (file: string): Loaded<File> =>
  loadConfig(file, CONTROLLER_SCHEMA, rulesBetweenKeys);

/** Numbers and dots alone are no name of a host. */
const isNumeric = (host: string): boolean => /^[\d.]+$/.test(host);

function rulesBetweenKeys(file: File): Problem[] {
  const problems: Problem[] = [];
  const demand = (
    holds: boolean,
    key: string,
    rule: string,
    value: unknown,
  ) => {
    const isSaid = problems.some((said) => said.key === key);
    if (!holds && !isSaid) problems.push({ key, rule, value });
  };
  demand(
    !RESERVED.includes(file.wan),
    "wan",
    `must not be one of ${RESERVED.join(", ")}`,
    file.wan,
  );
  for (const direction of DIRECTIONS) {
    const { floor_mbps, base_mbps, ceiling_mbps } = file[direction];
    demand(
      floor_mbps <= base_mbps,
      `${direction}.floor_mbps`,
      `must be at most base_mbps (${base_mbps})`,
      floor_mbps,
    );
    demand(
      base_mbps <= ceiling_mbps,
      `${direction}.base_mbps`,
      `must be at most ceiling_mbps (${ceiling_mbps})`,
      base_mbps,
    );
    const { targetMs, warnMs, hardRedMs } = limitsOf(file, direction);
    const keyOf = (key: "target_bloat_ms" | "warn_bloat_ms") =>
      `${file[direction][key] === null ? "thresholds" : direction}.${key}`;
    demand(
      targetMs < warnMs,
      keyOf("target_bloat_ms"),
      `must be below warn_bloat_ms (${warnMs})`,
      targetMs,
    );
    demand(
      warnMs < hardRedMs,
      keyOf("warn_bloat_ms"),
      `must be below hard_red_bloat_ms (${hardRedMs})`,
      warnMs,
    );
    if (file.shaper.backend === "tc")
      demand(
        file.shaper[`${direction}_device`] !== null,
        `shaper.${direction}_device`,
        "is required with backend tc",
        undefined,
      );
  }
  const { method, reflectors, source } = file.probe;
  for (const address of [...reflectors, source ?? ""])
    demand(
      method !== "timestamps" || !isIPv6(address),
      "probe.method",
      "must be auto or echo with IPv6 addresses",
      `timestamps, ${address}`,
    );
  demand(
    source === null || isIP(source) !== 0,
    "probe.source",
    "must be an IPv4 or IPv6 address",
    source,
  );
  const bare = reflectors.find((each) => isNumeric(each) && !isIPv4(each));
  demand(
    bare === undefined,
    "probe.reflectors",
    "must be names or IPv4 or IPv6 addresses",
    bare,
  );
  const { spacing_ms, budget_kbps } = file.probe;
  const hasFallback = fallbackPortOf(file) !== null;
  const least = leastBudget(method, reflectors, spacing_ms, hasFallback);
  demand(
    least.bps <= budget_kbps * 1e3,
    "probe.budget_kbps",
    `must be at least ${(least.bps / 1e3).toFixed(1)}: ${least.why}`,
    budget_kbps,
  );
  if (file.shaper.backend === "routeros")
    problems.push(...routerOsProblems(file.shaper));
  const { download_device: down, upload_device: up } = file.shaper;
  demand(
    down === null || down !== up,
    "shaper.upload_device",
    "must not be the download's device",
    up,
  );
  for (const key of ["overhead_bytes", "mpu_bytes"] as const)
    demand(
      file.shaper[key] === null || file.shaper.link !== "raw",
      `shaper.${key}`,
      "needs shaper.link to say what the bytes come on top of",
      file.shaper[key],
    );
  return problems;
}

export const presetOf = (file: File): Preset =>
  PRESETS[file.preset as PresetName];

/** What one direction keeps to: its own keys, else those for both, else the preset's. */
export function limitsOf(file: File, direction: Direction): Limits {
  const {
    floor_mbps,
    base_mbps,
    ceiling_mbps,
    target_bloat_ms,
    warn_bloat_ms,
  } = file[direction];
  const hardRed =
    file.download.hard_red_bloat_ms ?? file.thresholds.hard_red_bloat_ms;
  return {
    floorBps: mbit(floor_mbps),
    baseBps: mbit(base_mbps),
    ceilingBps: mbit(ceiling_mbps),
    targetMs:
      target_bloat_ms ??
      file.thresholds.target_bloat_ms ??
      presetOf(file).targetMs,
    warnMs: warn_bloat_ms ?? file.thresholds.warn_bloat_ms,
    hardRedMs: direction === "download" ? hardRed : Infinity,
  };
}

function parsed(file: File): ControllerConfig {
  const { probe, shaper } = file;
  const fallbackPort = fallbackPortOf(file);
  return {
    wan: file.wan,
    probe: {
      reflectors: probe.reflectors,
      spacingMs: probe.spacing_ms,
      lossMs: probe.loss_ms,
      source: probe.source,
      interface: probe.interface,
      method: probe.method as (typeof PROBE_METHODS)[number],
    },
    probeBudgetBps: probe.budget_kbps * 1e3,
    fallbackPort,
    idleAfterMs: probe.idle_after_s === 0 ? null : probe.idle_after_s * 1e3,
    shaper: shaperOf(file),
    policy: {
      limits: eachDirection((direction) => limitsOf(file, direction)),
      manner: presetOf(file).manner,
      // one that is reached another way has another baseline
      reflectors: probe.reflectors.length * (fallbackPort === null ? 1 : 2),
      spacingMs: probe.spacing_ms,
    },
    onStop: file.on_stop as (typeof LEAVES)[number],
    // a simulated line starts anew with every run
    checkpointFile:
      shaper.backend === "simulated" || file.state_dir === null
        ? null
        : resolve(file.state_dir, `${file.wan}.json`),
    replay: {
      minutes: file.bus.replay_minutes,
      megabytes: file.bus.replay_mb,
    },
    logFormat: file.log.format as LogFormat,
  };
}

const fallbackPortOf = ({ probe, shaper }: File): number | null =>
  shaper.backend !== "simulated" &&
  (probe.fallback as (typeof FALLBACKS)[number]) === "tcp"
    ? probe.fallback_port
    : null;

function shaperOf({ shaper, simulation }: File): ControllerConfig["shaper"] {
  const onForeign = shaper.on_foreign as OnForeign;
  switch (shaper.backend as (typeof BACKENDS)[number]) {
    case "tc":
      return {
        backend: "tc",
        devices: {
          download: shaper.download_device ?? "",
          upload: shaper.upload_device ?? "",
        },
        queue: queueOf(shaper),
        onForeign,
      };
    case "routeros":
      return { backend: "routeros", router: routerOsConfig(shaper), onForeign };
    case "simulated":
      return {
        backend: "simulated",
        line: simulation.line as (typeof SIMULATED_LINES)[number],
        seed: simulation.seed,
      };
  }
}

const queueOf = (shaper: File["shaper"]): QueueConfig => ({
  link: shaper.link as QueueConfig["link"],
  overheadBytes: shaper.overhead_bytes,
  mpuBytes: shaper.mpu_bytes,
  rttMs: shaper.rtt_ms,
  nat: shaper.nat,
  wash: shaper.wash,
  ackFilter: shaper.ack_filter,
  diffserv: shaper.diffserv as QueueConfig["diffserv"],
});
