import { resolve } from "node:path";
import type { Schema } from "convict";
import {
  type Derived,
  examineConfig,
  type Examined,
  loadConfig,
  type Loaded,
  type Rule,
} from "../shared/config/config.js";
import type { Problem } from "../shared/config/error.js";
import { DAY_MS, HOUR_MS } from "../shared/contract/units.js";
import type { LogFormat } from "../shared/runtime/log.js";
import {
  HTTP_RULES,
  HTTP_SCHEMA,
  type HttpConfig,
  type HttpFile,
  httpOf,
} from "./http/config.js";
import type { RetentionPolicy } from "./maintenance/maintenance.js";
import {
  COARSEST,
  eachTier,
  FINER,
  type PerRolledTier,
  ROLLED_TIERS,
  type Tier,
  TIERS,
} from "./tiers/tier.js";

export interface RecorderConfig {
  /** The database, an absolute path. */
  readonly dbPath: string;
  /** Retention times and size limits. */
  readonly policy: RetentionPolicy;
  /** Null: HTTP is off. */
  readonly http: HttpConfig | null;
  readonly logFormat: LogFormat;
}

export interface RecorderFile {
  storage: Storage;
  http: HttpFile;
  log: { format: string };
}

interface Storage {
  db_path: string;
  retention_days: number;
  raw_hours: number | null;
  minute_days: number | null;
  five_minute_days: number | null;
  hourly_retention_days: number;
  event_days: number;
  max_mb: number;
  min_free_mb: number;
}

const days = (fallback: number, doc: string) => ({
  doc,
  format: "whole",
  min: 1,
  max: 365,
  default: fallback,
});

/** A retention time whose default is derived from retention_days. */
const derived = (min: number, max: number, doc: string) => ({
  doc,
  format: "quantity",
  min,
  max,
  nullable: true,
  default: null as number | null,
});

const mb = (min: number, fallback: number, doc: string) => ({
  doc,
  format: "whole",
  min,
  max: 1_000_000,
  default: fallback,
});

/** The keys of the recorder's file; the one source of validation, defaults and documentation. */
export const RECORDER_SCHEMA: Schema<RecorderFile> = {
  storage: {
    db_path: {
      doc: "the database, on a local file system; a relative path is relative to the working directory",
      format: "text",
      default: "/var/lib/wanctl/metrics.db",
    },
    retention_days: days(7, "maximum age of data finer than one hour"),
    raw_hours: derived(
      1.5,
      24 * 365,
      "how long single cycles are kept; default: 48, or retention_days if that is less",
    ),
    minute_days: derived(
      0.0625,
      365,
      "how long minutes are kept; default: retention_days",
    ),
    five_minute_days: derived(
      0.0625,
      365,
      "how long five-minute values are kept; default: retention_days",
    ),
    hourly_retention_days: days(365, "how long hourly values are kept"),
    event_days: days(
      365,
      "how long events are kept: state changes, configurations, losses",
    ),
    max_mb: mb(
      16,
      1024,
      "maximum size of the history; above it the oldest cycles are deleted early, then the oldest minutes",
    ),
    min_free_mb: mb(
      0,
      256,
      "minimum free disk space; below it the same happens",
    ),
  },
  http: HTTP_SCHEMA,
  log: {
    format: {
      doc: "text for people, json for machines",
      format: "text",
      values: ["text", "json"],
      default: "text",
    },
  },
};

/** Keys that can be changed by a reload; not the database path or the listen address. */
export const RELOADABLE_RECORDER_KEYS =
  /^(storage\.(?!db_path$).+|http\.token_(env|file)|log\.format)$/;

/** Reads the recorder's file. @throws ConfigError */
export function loadRecorderConfig(file: string): Loaded<RecorderConfig> {
  const { values, shown } = loadRecorderFile(file);
  return { values: recorderConfig(values), shown };
}

/** @param file a file's keys, all valid */
export const recorderConfig = (file: RecorderFile): RecorderConfig => ({
  dbPath: resolve(file.storage.db_path),
  policy: policyOf(file.storage),
  http: httpOf(file.http),
  logFormat: file.log.format as LogFormat,
});

/** The file's keys and values as written. @throws ConfigError */
export const loadRecorderFile = (file: string): Loaded<RecorderFile> =>
  loadConfig(file, RECORDER_SCHEMA, RULES);

/** The same, with all errors in it. @throws ConfigError if it cannot be read at all */
export const examineRecorderFile = (file: string): Examined<RecorderFile> =>
  examineConfig(file, RECORDER_SCHEMA, RULES);

/** Derived values of keys that are not set. */
export function derivedStorage({ storage }: RecorderFile): Derived {
  const { keep } = policyOf(storage);
  const from = "storage.retention_days";
  return {
    "storage.raw_hours": { value: keep.raw / HOUR_MS, from },
    ...Object.fromEntries(
      ROLLED_TIERS.filter((tier) => tier !== COARSEST).map((tier) => [
        `storage.${KEYS[tier]}`,
        { value: keep[tier] / DAY_MS, from },
      ]),
    ),
  };
}

const MB = 2 ** 20;

/** Any valid retention_days alone gives consistent times. */
function policyOf(storage: Storage): RetentionPolicy {
  return {
    keep: eachTier((tier) => keepOf(storage, tier)),
    eventMs: storage.event_days * DAY_MS,
    maxBytes: storage.max_mb * MB,
    minFreeBytes: storage.min_free_mb * MB,
  };
}

function keepOf(storage: Storage, tier: Tier): number {
  const { retention_days: retention } = storage;
  return tier === "raw"
    ? (storage.raw_hours ?? Math.min(48, 24 * retention)) * HOUR_MS
    : (storage[KEYS[tier]] ?? retention) * DAY_MS;
}

/** The keys of the tiers' retention, days; null means retention_days. */
const KEYS = {
  "1m": "minute_days",
  "5m": "five_minute_days",
  "1h": "hourly_retention_days",
} as const satisfies PerRolledTier<keyof Storage>;

/** No tier finer than an hour is kept longer than retention_days. */
const MOST = TIERS.filter((tier) => tier !== COARSEST).map(
  (tier): Rule<RecorderFile> =>
    ({ storage }) => {
      const retentionMs = storage.retention_days * DAY_MS;
      const keepMs = keepOf(storage, tier);
      if (keepMs <= retentionMs) return [];
      const [key, unitMs] =
        tier === "raw"
          ? (["raw_hours", HOUR_MS] as const)
          : ([KEYS[tier], DAY_MS] as const);
      const rule = `must be at most ${retentionMs / unitMs}, as storage.retention_days says`;
      return [problem(key, rule, keepMs / unitMs)];
    },
);

/** A tier kept for less time than the finer one would leave a gap. */
const LEAST = ROLLED_TIERS.map((tier): Rule<RecorderFile> => ({ storage }) => {
  const retentionMs = storage.retention_days * DAY_MS;
  const leastMs =
    tier === COARSEST ? retentionMs : keepOf(storage, FINER[tier]);
  const keepMs = keepOf(storage, tier);
  if (keepMs >= leastMs || leastMs > retentionMs) return [];
  const rule = `must be at least ${leastMs / DAY_MS}, as long as the finer tier`;
  return [problem(KEYS[tier], rule, keepMs / DAY_MS)];
});

const problem = (key: string, rule: string, value: number): Problem => ({
  key: `storage.${key}`,
  rule,
  value,
});

const RULES: readonly Rule<RecorderFile>[] = [
  ...MOST,
  ...LEAST,
  ...HTTP_RULES.map(
    (rule): Rule<RecorderFile> =>
      ({ http }) =>
        rule(http),
  ),
];
