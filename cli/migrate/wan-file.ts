import { stringify } from "yaml";
import { DIFFSERVS, LINKS } from "../../controller/qdisc/cake.js";
import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { WAN_NAME } from "../../shared/contract/frame.js";
import type { OldFile } from "./old-file.js";

/** A valid WAN name: the Python version allowed capitals, dots and underscores. Null if nothing is left. */
export function nameOf(old: string): string | null {
  const name = old
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 31);
  return WAN_NAME.test(name) ? name : null;
}

/** Converts a file of the Python wanctl to a controller's. @throws ConfigError if a required key is missing */
export function wanFile(old: OldFile): {
  readonly wan: string;
  readonly text: string;
} {
  const wan = nameOf(demand(old, "wan_name"));
  if (wan === null) old.refuse("wan_name", "must have a letter");
  const blocks = [
    `# Converted from ${old.file}. All keys: docs/configuration.md.`,
    `wan: ${wan}`,
    `# Kind of line: cable, vdsl, fibre, lte or starlink.\npreset: cable`,
    probe(old),
    isOfThisHost(old) ? queuesHere(old) : router(old),
    ...DIRECTIONS.map((direction) => rates(old, direction)),
    thresholds(old),
  ];
  const text = blocks.filter((block) => block !== "").join("\n\n");
  return { wan, text: `${text}\n` };
}

const demand = (old: OldFile, key: string): string =>
  old.text(key) ?? old.refuse(key, "is required");

const demandNumber = (old: OldFile, key: string): number =>
  old.number(key) ?? old.refuse(key, "is required");

/** A text or list in YAML. */
const yaml = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();

/** A group with its lines indented. */
const group = (name: string, lines: readonly string[]): string =>
  [`${name}:`, ...lines.map((line) => `  ${line}`)].join("\n");

function probe(old: OldFile): string {
  const hosts = [...new Set(old.texts("continuous_monitoring.ping_hosts"))];
  const source =
    old.text("ping_source_ip") ??
    old.text("continuous_monitoring.ping_source_ip");
  return group("probe", [
    ...(hosts.length < 3
      ? ["# Choose three to six, independent of each other."]
      : []),
    `reflectors: ${yaml(hosts)}`,
    ...(source === null ? [] : [`source: ${yaml(source)}`]),
  ]);
}

export const isOfThisHost = (old: OldFile): boolean =>
  (old.text("router.transport") ?? "").startsWith("linux-cake");

export const isOverSsh = (old: OldFile): boolean =>
  old.text("router.transport") === "ssh";

/** Whether the file sets the overhead per packet. */
export const hasLink = (old: OldFile): boolean =>
  (old.oneOf("cake_params.overhead", LINKS) ?? "raw") !== "raw";

/** Without a device in the old file, a guess to be checked by the user. */
const queuesHere = (old: OldFile): string =>
  group("shaper", [
    "backend: tc",
    device(old, "download", "ifb4wan0"),
    device(old, "upload", "wan0"),
    ...cake(old),
  ]);

/** CAKE's options, or the Python version's defaults. */
function cake(old: OldFile): string[] {
  const key = (name: string) => `cake_params.${name}`;
  const mpu = old.number(key("mpu"));
  const rttMs = milliseconds(old, key("rtt"));
  const wash = old.flag(key("allow_wash")) ?? old.flag(key("wash"));
  return [
    "# Link type, for the overhead per packet: docs/qdisc.md.",
    `link: ${old.oneOf(key("overhead"), LINKS) ?? "raw"}`,
    ...(mpu === null || !hasLink(old) ? [] : [`mpu_bytes: ${mpu}`]),
    ...(rttMs === null ? [] : [`rtt_ms: ${rttMs}`]),
    `diffserv: ${old.oneOf(key("diffserv"), DIFFSERVS) ?? "diffserv4"}`,
    `ack_filter: ${old.flag(key("ack_filter")) ?? true}`,
    `wash: ${wash ?? false}`,
    `nat: ${old.flag(key("nat")) ?? false}`,
  ];
}

const MS_IN = new Map([
  ["us", 0.001],
  ["ms", 1],
  ["s", 1000],
]);

/** `25ms` or `1s`, as tc-cake(8) writes a time. */
function milliseconds(old: OldFile, key: string): number | null {
  const text = old.text(key);
  if (text === null) return null;
  const [, count, unit = ""] = /^(\d+)(us|ms|s)$/.exec(text) ?? [];
  const ms = Number(count) * (MS_IN.get(unit) ?? NaN);
  return ms >= 1 && ms <= 1000
    ? Math.round(ms)
    : old.refuse(key, "must be a time from 1ms to 1s", text);
}

function device(old: OldFile, direction: Direction, guess: string): string {
  const named = old.text(`cake_params.${direction}_interface`);
  const key = `${direction}_device`;
  return named === null
    ? `${key}: ${guess} # the old file names none`
    : `${key}: ${yaml(named)}`;
}

function router(old: OldFile): string {
  const port = old.number("router.port");
  return group("shaper", [
    "backend: routeros",
    `host: ${yaml(demand(old, "router.host"))}`,
    `user: ${yaml(demand(old, "router.user"))}`,
    ...(isOverSsh(old) ? ssh(old) : rest(old, port)),
    `download_queue: ${yaml(demand(old, "queues.download"))}`,
    `upload_queue: ${yaml(demand(old, "queues.upload"))}`,
    "# The interface whose byte counters measure the load of the line.",
    "# wan_interface: ether1",
  ]);
}

/** A known_hosts file is required: the router's host key is always verified. */
const ssh = (old: OldFile): string[] => [
  "transport: ssh",
  `ssh_key_file: ${yaml(demand(old, "router.ssh_key"))}`,
  "# Create it with ssh-keyscan and compare the fingerprint: docs/controller.md.",
  "known_hosts_file: /etc/wanctl/router.known_hosts",
];

/** The Python version used TLS on port 443 only. Any other port was plain HTTP. */
const rest = (old: OldFile, port: number | null): string[] => [
  "transport: rest",
  ...secret(passwordVariable(old)),
  "# Unless the certificate is signed by a CA this host trusts, pin it:",
  "# tls: { fingerprint_sha256: ... }",
  ...(port === null || port === 443
    ? []
    : [`# Port ${port} was plain HTTP; enable www-ssl on the router instead.`]),
];

/** Secrets are never written to a configuration file, nor printed. */
const secret = (variable: string | null): string[] =>
  variable === null
    ? [
        "# A file with the password alone, mode 0600.",
        "password_file: /etc/wanctl/router.password",
      ]
    : [`password_env: ${variable}`];

/** The environment variable with the password; null if the file has the password itself. */
export const passwordVariable = (old: OldFile): string | null =>
  /^\$\{(\w+)\}$/.exec(old.text("router.password") ?? "")?.[1] ?? null;

const FLOORS = [
  "floor_red_mbps",
  "floor_soft_red_mbps",
  "floor_yellow_mbps",
  "floor_green_mbps",
  "floor_mbps",
];

/** Base rate as a fraction of the ceiling, if the file has no other hint. */
const BASE_RATIO = 0.8;

function rates(old: OldFile, direction: Direction): string {
  const key = (name: string) => `continuous_monitoring.${direction}.${name}`;
  const ceiling = demandNumber(old, key("ceiling_mbps"));
  const floors = FLOORS.flatMap((name) => old.number(key(name)) ?? []);
  if (floors.length === 0) old.refuse(key("floor_mbps"), "is required");
  const floor = Math.min(...floors);
  const green = old.number(key("floor_green_mbps"));
  const base =
    green !== null && green > floor
      ? green
      : Math.max(floor, Math.round(BASE_RATIO * ceiling * 10) / 10);
  return group(direction, [
    `floor_mbps: ${floor}`,
    `base_mbps: ${base}`,
    `ceiling_mbps: ${ceiling}`,
    ...["target_bloat_ms", "warn_bloat_ms"].flatMap((name) => {
      const ms = old.number(key(name));
      return ms === null ? [] : [`${name}: ${ms}`];
    }),
  ]);
}

function thresholds(old: OldFile): string {
  const names = ["target_bloat_ms", "warn_bloat_ms", "hard_red_bloat_ms"];
  const lines = names.flatMap((name) => {
    const value = old.number(`continuous_monitoring.thresholds.${name}`);
    return value === null ? [] : [`${name}: ${value}`];
  });
  return lines.length === 0 ? "" : group("thresholds", lines);
}
