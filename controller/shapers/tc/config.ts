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
    doc: "link type, which gives the overhead per packet; raw: none, packet size as seen by Linux",
    format: "text",
    values: LINKS,
    default: "raw",
  },
  overhead_bytes: {
    doc: "overhead per packet; overrides that of link",
    format: "whole",
    min: -64,
    max: 256,
    nullable: true,
    default: null,
  },
  mpu_bytes: {
    doc: "minimum packet size on the line; overrides that of link",
    format: "whole",
    min: 0,
    max: 256,
    nullable: true,
    default: null,
  },
  rtt_ms: {
    doc: "rtt of CAKE; best is twice the idle RTT of the line, or a little more",
    format: "whole",
    min: 1,
    max: 1000,
    default: 100,
  },
  nat: {
    doc: "look up addresses before NAT, so that hosts behind this host's NAT share fairly",
    format: "flag",
    default: true,
  },
  wash: {
    doc: "clear the DSCP of incoming packets",
    format: "flag",
    default: true,
  },
  ack_filter: {
    doc: "drop redundant TCP ACKs of the upload; for very asymmetric lines",
    format: "flag",
    default: false,
  },
  diffserv: {
    doc: "priority tins by DSCP; besteffort: a single tin",
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
