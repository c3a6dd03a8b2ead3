import type { Derived, Rule } from "../../../shared/config/config.js";
import { DEVICE, type ValuesOf } from "../../../shared/config/format.js";
import {
  DIRECTIONS,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import {
  DIFFSERVS,
  framingOf,
  LINKS,
  type QueueConfig,
} from "../../qdisc/cake.js";
import type { OnForeign } from "../direction-state.js";

export const NAME = "tc";

export interface TcConfig {
  readonly backend: typeof NAME;
  readonly devices: PerDirection<string>;
  /** For `wanctl qdisc`, which creates the queues; the controller only changes rates. */
  readonly queue: QueueConfig;
  readonly onForeign: OnForeign;
}

export const TC_SCHEMA = {
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
    doc: "link type, for its overhead per packet; raw: none, sizes as Linux counts them",
    format: "text",
    values: LINKS,
    default: "raw",
  },
  overhead_bytes: {
    doc: "overhead per packet, instead of the link type's",
    format: "whole",
    min: -64,
    max: 256,
    nullable: true,
    default: null,
  },
  mpu_bytes: {
    doc: "minimum packet size on the line (MPU), instead of the link type's",
    format: "whole",
    min: 0,
    max: 256,
    nullable: true,
    default: null,
  },
  rtt_ms: {
    doc: "RTT that CAKE is tuned for; best is twice the line's idle RTT or a little more",
    format: "whole",
    min: 1,
    max: 1000,
    default: 100,
  },
  nat: {
    doc: "fairness between the hosts behind this host's NAT instead of between its own addresses",
    format: "flag",
    default: true,
  },
  wash: {
    doc: "clear the DSCP of incoming packets",
    format: "flag",
    default: true,
  },
  ack_filter: {
    doc: "drop redundant TCP ACKs in the upload; for lines much slower up than down",
    format: "flag",
    default: false,
  },
  diffserv: {
    doc: "CAKE's tins by DSCP; besteffort: a single one",
    format: "text",
    values: DIFFSERVS,
    default: "besteffort",
  },
} as const;

export interface TcFile {
  shaper: ValuesOf<typeof TC_SCHEMA> & {
    backend: string;
    on_foreign: OnForeign;
  };
}

/** Each rule reads only the keys it is about: reading an invalid key throws. */
export const TC_RULES: readonly Rule<TcFile>[] = [
  ...DIRECTIONS.map(
    (direction): Rule<TcFile> =>
      ({ shaper }) =>
        shaper.backend === NAME && shaper[`${direction}_device`] === null
          ? [
              {
                key: `shaper.${direction}_device`,
                rule: `is required with backend ${NAME}`,
              },
            ]
          : [],
  ),
  ({ shaper: { download_device: down, upload_device: up } }) =>
    down !== null && down === up
      ? [
          {
            key: "shaper.upload_device",
            rule: "must not be the same as download_device",
            value: up,
          },
        ]
      : [],
  ...(["overhead_bytes", "mpu_bytes"] as const).map(
    (key): Rule<TcFile> =>
      ({ shaper }) =>
        shaper[key] !== null && shaper.link === "raw"
          ? [
              {
                key: `shaper.${key}`,
                rule: "needs a shaper.link other than raw",
                value: shaper[key],
              },
            ]
          : [],
  ),
];

export const tcConfig = ({ shaper }: TcFile): TcConfig => ({
  backend: NAME,
  devices: {
    download: shaper.download_device ?? "",
    upload: shaper.upload_device ?? "",
  },
  queue: {
    link: shaper.link,
    overheadBytes: shaper.overhead_bytes,
    mpuBytes: shaper.mpu_bytes,
    rttMs: shaper.rtt_ms,
    nat: shaper.nat,
    wash: shaper.wash,
    ackFilter: shaper.ack_filter,
    diffserv: shaper.diffserv,
  },
  onForeign: shaper.on_foreign,
});

/** The link type's framing, for keys that are not set. */
export function tcDerived({ shaper }: TcFile): Derived {
  const framing = framingOf(shaper.link);
  if (framing === null) return {};
  const from = "shaper.link";
  return {
    "shaper.overhead_bytes": { value: framing.overheadBytes, from },
    "shaper.mpu_bytes": { value: framing.mpuBytes, from },
  };
}
