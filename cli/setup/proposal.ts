import { createHash } from "node:crypto";
import type { PresetName } from "../../controller/law/tuning.js";
import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";

/** The input for a controller's file. */
export interface ProposedLine {
  readonly wan: string;
  readonly preset: PresetName;
  readonly reflectors: readonly string[];
  /** RTT of the idle line, ms; null if there was no answer. */
  readonly idleMs: number | null;
  /** The plan's rates, Mbit/s. */
  readonly planMbps: Readonly<Record<Direction, number>>;
  readonly shaper: QueuesHere | QueuesOfRouter;
}

interface QueuesHere {
  readonly kind: "host";
  readonly device: string;
  /** The source address that an ip rule routes by the device; null if none is needed. */
  readonly source: string | null;
}

export interface QueuesOfRouter {
  readonly kind: "router";
  readonly host: string;
  readonly port: number | null;
  readonly user: string;
  readonly passwordFile: string;
  readonly fingerprint: string | null;
  readonly queue: "tree" | "simple";
  readonly queues: Readonly<Record<Direction, string>>;
  readonly wanInterface: string | null;
}

/** Fractions of the plan's rate. A shared line carries less in the evening, a radio link at times very little. */
const SHARES: Readonly<Record<PresetName, { floor: number; base: number }>> = {
  cable: { floor: 0.2, base: 0.8 },
  vdsl: { floor: 0.2, base: 0.8 },
  fibre: { floor: 0.2, base: 0.9 },
  lte: { floor: 0.05, base: 0.3 },
  starlink: { floor: 0.1, base: 0.4 },
};

const LEAST_MBPS = 0.5;

/** Rounded to three significant digits. */
const rounded = (mbps: number): number =>
  Number(Math.max(LEAST_MBPS, mbps).toPrecision(3));

/** Longest device name in the kernel, characters. */
const NAME_MAX = 15;
const MARK_LETTERS = 5;

/** The ifb device for a line's device. If the name is too long, part of it is replaced by a hash, to keep it unique. */
export function ifbOf(device: string): string {
  const name = `ifb4${device}`;
  if (name.length <= NAME_MAX) return name;
  const mark = createHash("sha256").update(device).digest("hex");
  return `${name.slice(0, NAME_MAX - MARK_LETTERS)}${mark.slice(0, MARK_LETTERS)}`;
}

/** A proposed controller's file, to be reviewed. */
export function proposal(line: ProposedLine): string {
  const { wan, preset, reflectors, idleMs, planMbps } = line;
  const { floor, base } = SHARES[preset];
  const rates = DIRECTIONS.map((direction) => {
    const plan = planMbps[direction];
    return `${direction}:
  floor_mbps: ${Math.min(plan, rounded(floor * plan))}
  base_mbps: ${Math.min(plan, rounded(base * plan))}
  ceiling_mbps: ${plan}`;
  });
  const idle =
    idleMs === null ? "" : ` Idle round-trip time: ${idleMs.toFixed(1)} ms.`;
  return `# All keys: docs/configuration.md. Check changes before use: wanctl check ${wan}.yaml

wan: ${wan}
preset: ${preset}

# Hosts that are probed to measure the queues.${idle}
probe:
  reflectors: [${reflectors.map(listed).join(", ")}]${way(line.shaper)}

${shaper(line)}

# Mbit/s. floor: minimum useful rate. base: capacity on a bad evening. ceiling: on the best day; here the plan's rate.
${rates.join("\n\n")}
`;
}

/** Quoted if it has a colon, which YAML could read as a key. */
const listed = (host: string): string =>
  host.includes(":") ? JSON.stringify(host) : host;

function way(shaper: ProposedLine["shaper"]): string {
  if (shaper.kind !== "host") return "";
  const { device, source } = shaper;
  return source === null
    ? `\n  interface: ${device}`
    : `\n  interface: ${device}\n  # An ip rule routes this source address over this WAN. If the address changes, change it here too.\n  source: ${JSON.stringify(source)}`;
}

function shaper({ shaper: of, preset, idleMs }: ProposedLine): string {
  if (of.kind === "host") {
    const lines = [
      "backend: tc",
      `download_device: ${ifbOf(of.device)}`,
      `upload_device: ${of.device}`,
      "# Link type, for the overhead per packet: docs/qdisc.md.",
      `link: ${linkOf(preset, of.device)}`,
      ...(idleMs === null ? [] : [`rtt_ms: ${rttOf(idleMs)}`]),
    ];
    return ["shaper:", ...lines.map((line) => `  ${line}`)].join("\n");
  }
  const { host, port, user, passwordFile, fingerprint, wanInterface } = of;
  const text = (value: string) => JSON.stringify(value);
  const lines = [
    "backend: routeros",
    `host: ${text(host)}`,
    ...(port === null ? [] : [`port: ${port}`]),
    `user: ${text(user)}`,
    `password_file: ${text(passwordFile)}`,
    ...(fingerprint === null
      ? []
      : [`tls: { fingerprint_sha256: ${text(fingerprint)} }`]),
    ...(of.queue === "tree" ? [] : ["queue: simple"]),
    ...DIRECTIONS.map((way) => `${way}_queue: ${text(of.queues[way])}`),
    ...(wanInterface === null ? [] : [`wan_interface: ${text(wanInterface)}`]),
  ];
  return ["shaper:", ...lines.map((line) => `  ${line}`)].join("\n");
}

function linkOf(preset: PresetName, device: string): string {
  switch (preset) {
    case "cable":
      return "docsis";
    case "vdsl":
      return device.startsWith("ppp") ? "pppoe-ptm" : "bridged-ptm";
    case "fibre":
    case "starlink":
      return "ethernet";
    case "lte":
      return "raw";
  }
}

/** CAKE's rtt: twice the idle RTT or a little more. */
const rttOf = (idleMs: number): number =>
  Math.min(300, Math.max(20, 10 * Math.ceil((2 * idleMs) / 10)));

/** The probable kind of line, by its device name and idle RTT. */
export function likelyPreset(
  device: string | null,
  idleMs: number | null,
): PresetName {
  if (device !== null && /^(ww|usb)/.test(device)) return "lte";
  if (device?.startsWith("ppp") === true) return "vdsl";
  return idleMs !== null && idleMs < 6 ? "fibre" : "cable";
}
