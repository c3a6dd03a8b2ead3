import { isIP, isIPv6 } from "node:net";
import { resolve } from "node:path";
import type { RingLimits } from "../../shared/bus/ring.js";
import {
  type Derived,
  examineConfig,
  type Examined,
  loadConfig,
  type Loaded,
  type Rule,
} from "../../shared/config/config.js";
import type { Problem } from "../../shared/config/error.js";
import { plainHost } from "../../shared/config/format.js";
import {
  type Direction,
  DIRECTIONS,
  eachDirection,
} from "../../shared/contract/direction.js";
import { mbit } from "../../shared/contract/units.js";
import type { LogFormat } from "../../shared/runtime/log.js";
import type { Limits, Policy } from "../law/inputs.js";
import { type Preset, PRESETS } from "../law/tuning.js";
import { leastBudget } from "../probes/budget.js";
import { type FallbackName, OFF } from "../probes/kinds.js";
import type { ProbeConfig } from "../probes/pinger.js";
import { backendOf, BACKENDS, type ShaperConfig } from "../shapers/backends.js";
import {
  CONTROLLER_SCHEMA,
  type ControllerFile,
  type LEAVES,
} from "./schema.js";

const RESERVED = ["recorder", "steering"];

export interface ControllerConfig {
  readonly wan: string;
  readonly probe: ProbeConfig;
  /** Limit for all probes together, per direction. */
  readonly probeBudgetBps: number;
  /** Probes used while no ping is answered, and their port; null: none. */
  readonly fallback: {
    readonly kind: FallbackName;
    readonly port: number;
  } | null;
  /** ms without traffic after which the line is probed less; null: never. */
  readonly idleAfterMs: number | null;
  readonly shaper: ShaperConfig;
  readonly policy: Policy;
  readonly onStop: (typeof LEAVES)[number];
  /** Null: none. */
  readonly checkpointFile: string | null;
  /** Limits for frames kept for a recorder that is away. */
  readonly replay: RingLimits;
  readonly logFormat: LogFormat;
}

/** Reads a controller's file. @throws ConfigError */
export function loadControllerConfig(file: string): Loaded<ControllerConfig> {
  const { values, shown } = loadControllerFile(file);
  return { values: controllerConfig(values), shown };
}

/** The file's keys and values as written. @throws ConfigError */
export const loadControllerFile = (file: string): Loaded<ControllerFile> =>
  loadConfig(file, CONTROLLER_SCHEMA, RULES);

/** The same, with all errors in it. @throws ConfigError if it cannot be read at all */
export const examineControllerFile = (file: string): Examined<ControllerFile> =>
  examineConfig(file, CONTROLLER_SCHEMA, RULES);

/** A problem of one key unless a condition holds. */
const unless = (
  holds: boolean,
  key: string,
  rule: string,
  value?: unknown,
): Problem[] =>
  holds ? [] : [value === undefined ? { key, rule } : { key, rule, value }];

const rulesOf = (direction: Direction): Rule<ControllerFile>[] => [
  ({ [direction]: { floor_mbps, base_mbps } }) =>
    unless(
      floor_mbps <= base_mbps,
      `${direction}.floor_mbps`,
      `must be at most base_mbps (${base_mbps})`,
      floor_mbps,
    ),
  ({ [direction]: { base_mbps, ceiling_mbps } }) =>
    unless(
      base_mbps <= ceiling_mbps,
      `${direction}.base_mbps`,
      `must be at most ceiling_mbps (${ceiling_mbps})`,
      base_mbps,
    ),
  (file) => {
    const [targetMs, warnMs] = [
      targetOf(file, direction),
      warnOf(file, direction),
    ];
    return unless(
      targetMs < warnMs,
      keyOf(file, direction, "target_bloat_ms"),
      `must be below warn_bloat_ms (${warnMs})`,
      targetMs,
    );
  },
  (file) => {
    const [warnMs, redMs] = [
      warnOf(file, direction),
      hardRedOf(file, direction),
    ];
    return unless(
      warnMs < redMs,
      keyOf(file, direction, "warn_bloat_ms"),
      `must be below hard_red_bloat_ms (${redMs})`,
      warnMs,
    );
  },
];

/** The key that sets a threshold of a direction: its own, or the one for both. */
const keyOf = (
  file: ControllerFile,
  direction: Direction,
  key: "target_bloat_ms" | "warn_bloat_ms",
): string =>
  `${file[direction][key] === null ? "thresholds" : direction}.${key}`;

/** Rules across keys. Each reads only the keys it is about, so that errors in other keys do not prevent its check. */
const RULES: readonly Rule<ControllerFile>[] = [
  ({ wan }) =>
    unless(
      !RESERVED.includes(wan),
      "wan",
      `must not be one of ${RESERVED.join(", ")}`,
      wan,
    ),
  ...DIRECTIONS.flatMap(rulesOf),
  ({ probe: { method, reflectors } }) => timestampsBy(method, reflectors),
  ({ probe: { method, source } }) =>
    source === null ? [] : timestampsBy(method, [source]),
  ({ probe: { reflectors } }) => sameHosts(reflectors),
  ({ probe: { source, reflectors } }) =>
    reflectors
      .filter((host) => isIP(host) !== 0 && source !== null)
      .filter((host) => isIP(host) !== isIP(source ?? ""))
      .map((value) => ({
        key: "probe.reflectors",
        rule: `must be IPv${isIP(source ?? "")}, as probe.source is`,
        value,
      })),
  (file) => {
    const { method, reflectors, spacing_ms, budget_kbps } = file.probe;
    const hasFallback = fallbackOf(file) !== null;
    const least = leastBudget(method, reflectors, spacing_ms, hasFallback);
    return unless(
      least.bps <= budget_kbps * 1e3,
      "probe.budget_kbps",
      `must be at least ${(least.bps / 1e3).toFixed(1)}: ${least.why}`,
      budget_kbps,
    );
  },
  ...BACKENDS.flatMap(({ rules }) => rules),
];

const timestampsBy = (method: string, hosts: readonly string[]): Problem[] => {
  const address = hosts.find(isIPv6);
  return unless(
    method !== "timestamps" || address === undefined,
    "probe.method",
    "must be auto or echo for IPv6 addresses",
    `timestamps, ${address}`,
  );
};

/** The same host in two spellings would count twice in the median. Equal spellings are refused by the list's format. */
const sameHosts = (reflectors: readonly string[]): Problem[] =>
  reflectors.flatMap((host, i) => {
    const twin = reflectors
      .slice(0, i)
      .find((other) => plainHost(other) === plainHost(host) && other !== host);
    return twin === undefined
      ? []
      : [
          {
            key: "probe.reflectors",
            rule: `must not have duplicate hosts: '${twin}' is the same`,
            value: host,
          },
        ];
  });

const presetOf = (file: ControllerFile): Preset => PRESETS[file.preset];

const targetOf = (file: ControllerFile, direction: Direction): number =>
  file[direction].target_bloat_ms ??
  file.thresholds.target_bloat_ms ??
  presetOf(file).targetMs;

const warnOf = (file: ControllerFile, direction: Direction): number =>
  file[direction].warn_bloat_ms ?? file.thresholds.warn_bloat_ms;

const hardRedOf = (file: ControllerFile, direction: Direction): number =>
  direction === "upload"
    ? Infinity
    : (file.download.hard_red_bloat_ms ?? file.thresholds.hard_red_bloat_ms);

/** The limits of a direction: its own keys, else those for both directions, else the preset's. */
function limitsOf(file: ControllerFile, direction: Direction): Limits {
  const { floor_mbps, base_mbps, ceiling_mbps } = file[direction];
  return {
    floorBps: mbit(floor_mbps),
    baseBps: mbit(base_mbps),
    ceilingBps: mbit(ceiling_mbps),
    targetMs: targetOf(file, direction),
    warnMs: warnOf(file, direction),
    hardRedMs: hardRedOf(file, direction),
  };
}

/** @param file a file's keys, all valid */
export function controllerConfig(file: ControllerFile): ControllerConfig {
  const { probe } = file;
  const fallback = fallbackOf(file);
  const backend = backendOf(file.shaper);
  return {
    wan: file.wan,
    probe: {
      reflectors: probe.reflectors,
      spacingMs: probe.spacing_ms,
      lossMs: probe.loss_ms,
      source: probe.source,
      interface: probe.interface,
      method: probe.method,
    },
    probeBudgetBps: probe.budget_kbps * 1e3,
    fallback,
    idleAfterMs: probe.idle_after_s === 0 ? null : probe.idle_after_s * 1e3,
    shaper: backend.configOf(file),
    policy: {
      limits: eachDirection((direction) => limitsOf(file, direction)),
      restless: presetOf(file).restless,
      // a reflector probed by the fallback has another baseline
      reflectors: probe.reflectors.length * (fallback === null ? 1 : 2),
      spacingMs: probe.spacing_ms,
    },
    onStop: file.on_stop,
    // a simulated line starts afresh with each run
    checkpointFile:
      backend.isSimulated || file.state_dir === null
        ? null
        : resolve(file.state_dir, `${file.wan}.json`),
    replay: {
      minutes: file.bus.replay_minutes,
      megabytes: file.bus.replay_mb,
    },
    logFormat: file.log.format,
  };
}

const fallbackOf = ({
  probe,
  shaper,
}: ControllerFile): ControllerConfig["fallback"] =>
  backendOf(shaper).isSimulated || probe.fallback === OFF
    ? null
    : { kind: probe.fallback, port: probe.fallback_port };

/** Derived values of keys that a controller's file does not set. */
export const derivedOf = (file: ControllerFile): Derived => ({
  ...thresholds(file),
  ...backendOf(file.shaper).derived(file),
});

function thresholds(file: ControllerFile): Derived {
  const common = "thresholds.target_bloat_ms";
  const isSet = file.thresholds.target_bloat_ms !== null;
  const target = isSet ? common : "preset";
  const own = DIRECTIONS.map((direction): Derived => {
    const { targetMs, warnMs } = limitsOf(file, direction);
    return {
      [`${direction}.target_bloat_ms`]: { value: targetMs, from: target },
      [`${direction}.warn_bloat_ms`]: {
        value: warnMs,
        from: "thresholds.warn_bloat_ms",
      },
    };
  });
  return {
    ...own[0],
    ...own[1],
    "download.hard_red_bloat_ms": {
      value: limitsOf(file, "download").hardRedMs,
      from: "thresholds.hard_red_bloat_ms",
    },
    [common]: { value: presetOf(file).targetMs, from: "preset" },
  };
}
