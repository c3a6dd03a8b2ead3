import { KEPT_MINUTES_MAX } from "../../shared/bus/ring.js";
import { like, REQUIRED, type ValuesOf } from "../../shared/config/format.js";
import { WAN_NAME } from "../../shared/contract/frame.js";
import { PRESET_NAMES } from "../law/tuning.js";
import { PROBE_SCHEMA } from "../probes/schema.js";
import { BACKEND_SCHEMA } from "../shapers/backends.js";

/** CTRL-07: the rates a controller sets when it stops. */
export const LEAVES = ["base", "leave", "ceiling"] as const;

export const WAN = like(
  WAN_NAME,
  "up to 31 lower-case letters, digits and hyphens, the first a letter",
);

const mbps = (doc: string) =>
  ({
    doc,
    format: "quantity",
    min: 0.1,
    max: 100_000,
    default: REQUIRED,
  }) as const;
const bloat = (doc: string, fallback: number) =>
  ({
    doc,
    format: "quantity",
    min: 1,
    max: 1000,
    default: fallback,
  }) as const;
const own = (doc: string) =>
  ({
    doc,
    format: "quantity",
    min: 1,
    max: 1000,
    nullable: true,
    default: null,
  }) as const;

const rates = {
  floor_mbps: mbps("minimum rate"),
  base_mbps: mbps("rate to start from and to return to when idle"),
  ceiling_mbps: mbps("maximum rate"),
  target_bloat_ms: own("target_bloat_ms of this direction"),
  warn_bloat_ms: own("warn_bloat_ms of this direction"),
};

/** The keys of a controller's file; the one source of validation, defaults and documentation. */
export const CONTROLLER_SCHEMA = {
  wan: {
    doc: "name of this WAN",
    format: "text",
    like: WAN,
    default: REQUIRED,
  },
  preset: {
    doc: "kind of line",
    format: "text",
    values: PRESET_NAMES,
    default: "cable",
  },
  probe: PROBE_SCHEMA,
  ...BACKEND_SCHEMA,
  download: {
    ...rates,
    hard_red_bloat_ms: own("hard_red_bloat_ms of this direction"),
  },
  upload: rates,
  thresholds: {
    target_bloat_ms: own("delta where GREEN ends; none: the preset's"),
    warn_bloat_ms: bloat("delta where YELLOW ends", 45),
    hard_red_bloat_ms: bloat("delta where SOFT_RED ends (download only)", 80),
  },
  on_stop: {
    doc: "rates to set when the controller stops",
    format: "text",
    values: LEAVES,
    default: "base",
  },
  state_dir: {
    doc: "folder of WAN.json, which keeps baselines and rates across a restart; null: none",
    format: "text",
    nullable: true,
    default: "/var/lib/wanctl",
  },
  bus: {
    replay_minutes: {
      doc: "how long frames are kept in memory, for a recorder that was down",
      format: "whole",
      min: 1,
      max: KEPT_MINUTES_MAX,
      default: 30,
    },
    replay_mb: {
      doc: "maximum memory for these frames; 16 hold 30 minutes",
      format: "whole",
      min: 1,
      max: 256,
      default: 16,
    },
  },
  log: {
    format: {
      doc: "text for people, json for machines",
      format: "text",
      values: ["text", "json"],
      default: "text",
    },
  },
} as const;

/** The file's keys and values as written. */
export type ControllerFile = ValuesOf<typeof CONTROLLER_SCHEMA>;
