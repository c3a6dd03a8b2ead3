import type { Derived } from "../../shared/config/config.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import { framingOf, type Link } from "../qdisc/cake.js";
import { routerOsConfig } from "../shapers/routeros/config.js";
import { limitsOf, presetOf } from "./config.js";
import type { File } from "./schema.js";

/** What follows for keys of a controller's file that are left out. */
export const derivedOf = (file: File): Derived => ({
  ...thresholds(file),
  ...(file.shaper.backend === "tc" ? framing(file) : {}),
  ...(file.shaper.backend === "routeros" ? router(file) : {}),
});

function thresholds(file: File): Derived {
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

function framing({ shaper }: File): Derived {
  const framing = framingOf(shaper.link as Link);
  if (framing === null) return {};
  const from = "shaper.link";
  return {
    "shaper.overhead_bytes": { value: framing.overheadBytes, from },
    "shaper.mpu_bytes": { value: framing.mpuBytes, from },
  };
}

function router({ shaper }: File): Derived {
  const { ways, queues } = routerOsConfig(shaper);
  const [first] = ways;
  return {
    ...(first.transport === "rest"
      ? { "shaper.port": { value: first.port, from: "shaper.scheme" } }
      : {}),
    "shaper.upload_queue": {
      value: queues.names.upload,
      from: "shaper.download_queue",
    },
  };
}
