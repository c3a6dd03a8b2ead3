import { basename } from "node:path";
import type { ControllerConfig } from "../../controller/config.js";
import type { Problem } from "../../shared/config-error.js";
import { DIRECTIONS } from "../../shared/direction.js";
import type { Judged } from "./judged.js";

/** What is wrong with a file beside the others. */
export interface Clash {
  readonly file: string;
  readonly problem: Problem;
}

/** What cannot stand side by side on one machine, told of the later file. */
export const clashes = (files: readonly Judged[]): Clash[] =>
  files.flatMap((later, i) =>
    files
      .slice(0, i)
      .flatMap((earlier) => between(earlier, later, basename(earlier.file)))
      .map((problem) => ({ file: later.file, problem })),
  );

/** @param file what the earlier one is called */
function between(a: Judged, b: Judged, file: string): Problem[] {
  if (a.kind === "controller" && b.kind === "controller") {
    const twin = sameWan(a.config, b.config, file);
    if (twin.length > 0) return twin;
    return [
      ...sameQueue(a.config, b.config, file),
      ...samePath(a.config, b.config, file),
    ];
  }
  if (a.kind === "recorder" && b.kind === "recorder") {
    const { dbPath, http } = b.config;
    const listens = http !== null && http.port !== 0;
    return [
      ...(dbPath === a.config.dbPath
        ? [is("storage.db_path", `is the database of ${file} already`, dbPath)]
        : []),
      ...(listens && a.config.http?.port === http.port
        ? [is("http.listen", `is the port of ${file} already`, http.port)]
        : []),
    ];
  }
  return [];
}

const is = (key: string, rule: string, value: unknown): Problem => ({
  key,
  rule,
  value,
});

const sameWan = (a: ControllerConfig, b: ControllerConfig, file: string) =>
  a.wan === b.wan
    ? [
        is(
          "wan",
          `is the WAN of ${file} already: one controller for each`,
          b.wan,
        ),
      ]
    : [];

/** What a controller's rates are set on, by the key that names it. */
function queuesOf({
  shaper,
}: ControllerConfig): [key: string, name: string, place: string][] {
  switch (shaper.backend) {
    case "tc":
      return DIRECTIONS.map((way) => [
        `shaper.${way}_device`,
        shaper.devices[way],
        "this host",
      ]);
    case "routeros": {
      const { host, queues } = shaper.router;
      return DIRECTIONS.map((way) => [
        `shaper.${way}_queue`,
        queues.names[way],
        `${host} ${queues.kind}`,
      ]);
    }
    case "simulated":
      return [];
  }
}

function sameQueue(
  a: ControllerConfig,
  b: ControllerConfig,
  file: string,
): Problem[] {
  const taken = new Set(
    queuesOf(a).map(([, name, place]) => `${place} ${name}`),
  );
  return queuesOf(b)
    .filter(([, name, place]) => taken.has(`${place} ${name}`))
    .map(([key, name]) => is(key, `is set by ${file} already`, name));
}

/**
 * Each controller must measure its own line. Probes that leave the same way reach different lines only where a router
 * sends them apart by their destination.
 */
function samePath(
  a: ControllerConfig,
  b: ControllerConfig,
  file: string,
): Problem[] {
  if ([a, b].some(({ shaper }) => shaper.backend === "simulated")) return [];
  const { source, interface: device, reflectors } = b.probe;
  if (source !== a.probe.source || device !== a.probe.interface) return [];
  const shared = reflectors.filter((host) => a.probe.reflectors.includes(host));
  const byRouter = [a, b].every(({ shaper }) => shaper.backend === "routeros");
  if (byRouter && shared.length === 0) return [];
  const key =
    device === null && source !== null ? "probe.source" : "probe.interface";
  const rule = byRouter
    ? `probes leave as those of ${file}, for ${shared.join(", ")}: each controller must measure its own line`
    : `probes leave as those of ${file}: each controller must measure its own line`;
  return [is(key, rule, device ?? source ?? undefined)];
}
