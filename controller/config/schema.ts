import type { Schema } from "convict";
import { KEPT_MINUTES_MAX } from "../../shared/bus/ring.js";
import { like } from "../../shared/config/format.js";
import { WAN_NAME } from "../../shared/contract/frame.js";
import { PRESET_NAMES } from "../law/tuning.js";
import { DEVICE, PROBE_SCHEMA, type ProbeKeys } from "../probes/schema.js";
import { DIFFSERVS, LINKS } from "../qdisc/cake.js";
import { ON_FOREIGN } from "../shapers/direction-state.js";
import {
  ROUTEROS_SCHEMA,
  type RouterOsKeys,
} from "../shapers/routeros/config.js";

export const SIMULATED_LINES = ["cable", "vdsl"] as const;
export const BACKENDS = ["tc", "routeros", "simulated"] as const;
/** CTRL-07: the rates a stopped controller leaves behind. */
export const LEAVES = ["base", "leave", "ceiling"] as const;

interface Rates {
  floor_mbps: number;
  base_mbps: number;
  ceiling_mbps: number;
  target_bloat_ms: number | null;
  warn_bloat_ms: number | null;
}

/** The file, as it stands there. */
export interface ControllerFile {
  wan: string;
  preset: string;
  probe: ProbeKeys;
  shaper: {
    backend: string;
    on_foreign: string;
    download_device: string | null;
    upload_device: string | null;
    link: string;
    overhead_bytes: number | null;
    mpu_bytes: number | null;
    rtt_ms: number;
    nat: boolean;
    wash: boolean;
    ack_filter: boolean;
    diffserv: string;
  } & RouterOsKeys;
  simulation: { line: string; seed: number };
  download: Rates & { hard_red_bloat_ms: number | null };
  upload: Rates;
  thresholds: {
    target_bloat_ms: number | null;
    warn_bloat_ms: number;
    hard_red_bloat_ms: number;
  };
  on_stop: string;
  state_dir: string | null;
  bus: { replay_minutes: number; replay_mb: number };
  log: { format: string };
}

export const WAN = like(
  WAN_NAME,
  "up to 31 lower-case letters, digits and hyphens, the first a letter",
);

const required = null as never;

const mbps = (doc: string) => ({
  doc,
  format: "quantity",
  min: 0.1,
  max: 100_000,
  default: required,
});
const bloat = (doc: string, fallback: number) => ({
  doc,
  format: "quantity",
  min: 1,
  max: 1000,
  default: fallback,
});
const own = (doc: string) => ({
  doc,
  format: "quantity",
  min: 1,
  max: 1000,
  nullable: true,
  default: null as number | null,
});

const rates = {
  floor_mbps: mbps("rate that is never gone below"),
  base_mbps: mbps("rate to start from and to return to when idle"),
  ceiling_mbps: mbps("rate that is never gone above"),
  target_bloat_ms: own("this direction's own target_bloat_ms"),
  warn_bloat_ms: own("this direction's own warn_bloat_ms"),
};

/** The keys of a controller's file; the one source of validation, defaults and documentation. */
export const CONTROLLER_SCHEMA: Schema<ControllerFile> = {
  wan: {
    doc: "name of this WAN",
    format: "text",
    like: WAN,
    default: required,
  },
  preset: {
    doc: "what kind of line it is",
    format: "text",
    values: PRESET_NAMES,
    default: "cable",
  },
  probe: PROBE_SCHEMA,
  shaper: {
    backend: {
      doc: "tc: CAKE or HTB of this host. routeros: a MikroTik router. simulated: no network at all",
      format: "text",
      values: BACKENDS,
      default: "tc",
    },
    on_foreign: {
      doc: "a rate that somebody else set: correct it, or respect it and pause",
      format: "text",
      values: ON_FOREIGN,
      default: "correct",
    },
    download_device: {
      doc: "device whose qdisc shapes the download (an ifb)",
      format: "text",
      like: DEVICE,
      nullable: true,
      default: null,
    },
    upload_device: {
      doc: "device whose qdisc shapes the upload (the WAN itself)",
      format: "text",
      like: DEVICE,
      nullable: true,
      default: null,
    },
    link: {
      doc: "kind of line, for the bytes it adds to each packet; raw: none, as Linux counts",
      format: "text",
      values: LINKS,
      default: "raw",
    },
    overhead_bytes: {
      doc: "bytes added to each packet, instead of the link's",
      format: "whole",
      min: -64,
      max: 256,
      nullable: true,
      default: null,
    },
    mpu_bytes: {
      doc: "the smallest packet on the line, instead of the link's",
      format: "whole",
      min: 0,
      max: 256,
      nullable: true,
      default: null,
    },
    rtt_ms: {
      doc: "RTT that CAKE is tuned for; twice the line's idle RTT, or a little more, is best",
      format: "whole",
      min: 1,
      max: 1000,
      default: 100,
    },
    nat: {
      doc: "share between the hosts behind this host's NAT, not between its own addresses",
      format: "flag",
      default: true,
    },
    wash: {
      doc: "clear the DSCP of what comes in",
      format: "flag",
      default: true,
    },
    ack_filter: {
      doc: "drop superfluous TCP acknowledgements of the upload; for lines much slower up than down",
      format: "flag",
      default: false,
    },
    diffserv: {
      doc: "queues by DSCP; besteffort: one for all",
      format: "text",
      values: DIFFSERVS,
      default: "besteffort",
    },
    ...ROUTEROS_SCHEMA,
  },
  simulation: {
    line: {
      doc: "which simulated line",
      format: "text",
      values: SIMULATED_LINES,
      default: "cable",
    },
    seed: {
      doc: "same seed, same traffic",
      format: "whole",
      min: 0,
      max: 2 ** 31,
      default: 1,
    },
  },
  download: {
    ...rates,
    hard_red_bloat_ms: own("this direction's own hard_red_bloat_ms"),
  },
  upload: rates,
  thresholds: {
    target_bloat_ms: own("delta where GREEN ends; none: the preset's"),
    warn_bloat_ms: bloat("delta where YELLOW ends", 45),
    hard_red_bloat_ms: bloat("delta where SOFT_RED ends (download only)", 80),
  },
  on_stop: {
    doc: "the rates left behind when the controller stops",
    format: "text",
    values: LEAVES,
    default: "base",
  },
  state_dir: {
    doc: "folder of the file in which baselines and rates survive a restart, WAN.json; null: none",
    format: "text",
    nullable: true,
    default: "/var/lib/wanctl",
  },
  bus: {
    replay_minutes: {
      doc: "frames are kept in memory for so long, for a recorder that was away",
      format: "whole",
      min: 1,
      max: KEPT_MINUTES_MAX,
      default: 30,
    },
    replay_mb: {
      doc: "memory that they may take; 16 hold 30 minutes",
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
};
