import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { WAN } from "../../controller/config/schema.js";
import { PRESET_NAMES, type PresetName } from "../../controller/law/tuning.js";
import { ownName, type ProbeRoute } from "../../controller/probes/sockets.js";
import { lookAtHost } from "../../controller/qdisc/look.js";
import { FINGERPRINT } from "../../controller/shapers/routeros/config.js";
import { readSecret } from "../../controller/shapers/routeros/secret.js";
import { DEVICE, HOST } from "../../shared/config/format.js";
import {
  Failure,
  plainReason,
  reasonOf,
} from "../../shared/runtime/failure.js";
import { makeFolder } from "../../shared/runtime/files.js";
import { folderProblem } from "../check/host.js";
import { leastMs, reach, type Reached } from "../check/probes.js";
import { nameOf } from "../migrate/wan-file.js";
import {
  ifbOf,
  likelyPreset,
  proposal,
  type ProposedLine,
} from "../setup/proposal.js";
import { openQuestions, type Question } from "../setup/questions.js";
import { queuesOf } from "../setup/router.js";
import {
  devicesHere,
  type IpFamily,
  sourceOf,
  type Uplink,
  uplinks,
} from "../setup/uplinks.js";
import { printable } from "../terminal.js";
import { example } from "./options.js";

export function declare(command: Command): void {
  command
    .option("--to <dir>", "folder for the files", "/etc/wanctl")
    .option("--wan <name>", "name of the WAN")
    .option("--interface <device>", "WAN device of this host")
    .option("--preset <kind>", "cable, vdsl, fibre, lte or starlink")
    .option("--download <mbps>", "nominal download rate, Mbit/s")
    .option("--upload <mbps>", "nominal upload rate, Mbit/s")
    .option("--router <host>", "MikroTik router with the queues, HOST[:PORT]")
    .option("--user <name>", "user name on the router", "wanctl")
    .option(
      "--password-file <file>",
      "file with the password",
      "/etc/wanctl/router.password",
    )
    .option("--fingerprint <sha256>", "SHA-256 of the router's certificate")
    .option("--yes", "do not ask; accept the proposals")
    .addHelpText("after", example("wanctl setup --to ."))
    .action((options: SetupOptions) => setup(options));
}

export interface SetupOptions {
  readonly to: string;
  readonly wan?: string;
  readonly interface?: string;
  readonly preset?: string;
  readonly download?: string;
  readonly upload?: string;
  readonly router?: string;
  readonly user: string;
  readonly passwordFile: string;
  readonly fingerprint?: string;
  readonly yes?: true;
}

/** Anycast resolvers, each in another network. */
const REFLECTORS: Readonly<Record<IpFamily, readonly string[]>> = {
  4: [
    ...["1.1.1.1", "8.8.8.8", "9.9.9.9"],
    ...["208.67.222.222", "94.140.14.14", "76.76.2.0"],
  ],
  6: [
    ...["2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe"],
    ...["2620:119:35::35", "2a10:50c0::ad1:ff", "2606:1a40::"],
  ],
};

/** Reflectors needed to tell a reflector's own delay from the line's. */
const REFLECTORS_MIN = 3;

/**
 * Inspects this host or a router, asks for the rest, and writes a controller's file, and the recorder's if there is
 * none. Never overwrites a file. Flags are checked first.
 * @throws Failure
 */
export async function setup(options: SetupOptions): Promise<void> {
  using questions = openQuestions(options.yes !== true && process.stdin.isTTY);
  const found = uplinks();
  const isHere = options.router === undefined;
  const here = deviceQuestion(found, isHere ? devicesHere() : []);
  const only = found.length === 1 ? found[0]?.device : undefined;
  const faults = [
    ...questions.faults([
      ...(isHere ? [[here, options.interface ?? only] as const] : []),
      // without --wan the name is derived from the device
      ...(options.wan === undefined
        ? []
        : [[NAME(null), options.wan] as const]),
      [presetQuestion("cable"), options.preset],
      [RATE("download"), options.download],
      [RATE("upload"), options.upload],
    ]),
    ...(isHere ? [] : routerFaults(options)),
    ...folderProblem("to", options.to).map(
      ({ rule, value }) =>
        `Cannot set up: --to ${rule}: got '${String(value)}'`,
    ),
  ];
  if (faults.length > 0) throw new Failure(faults.join("\n"));
  const device = isHere
    ? ownName(await questions.ask(here, options.interface ?? only))
    : null;
  const wan = await questions.ask(NAME(nameOf(device ?? "wan")), options.wan);
  const file = join(options.to, `${wan}.yaml`);
  if (existsSync(file))
    throw new Failure(`Cannot write '${file}': it exists already`);
  const uplink = found.find((one) => one.device === device) ?? found[0];
  const family = uplink?.family ?? 4;
  const source = device === null ? null : sourceOf(device, family);
  const shaper =
    device === null
      ? await queuesOf({ ...routerOf(options) })
      : ({ kind: "host", device, source } as const);
  if (device !== null) noteQueues(device);
  const { reflectors, idleMs } = heard(family, { source, interface: device });
  const likely = likelyPreset(device, idleMs);
  const preset = await questions.ask(presetQuestion(likely), options.preset);
  const planMbps = {
    download: Number(await questions.ask(RATE("download"), options.download)),
    upload: Number(await questions.ask(RATE("upload"), options.upload)),
  };
  const line: ProposedLine = {
    ...{ wan, reflectors, idleMs, planMbps, shaper },
    preset: preset as PresetName,
  };
  write(file, proposal(line));
  const recorder = join(options.to, "recorder.yaml");
  if (!existsSync(recorder)) write(recorder, RECORDER);
  const others = isHere
    ? found.map((one) => one.device).filter((other) => other !== device)
    : [];
  process.stdout.write(`${nextSteps(options.to, line, others).join("\n")}\n`);
}

const RECORDER = `# One recorder for all WANs. All keys: docs/configuration.md.
storage:
  db_path: /var/lib/wanctl/metrics.db
`;

function deviceQuestion(
  found: readonly Uplink[],
  here: readonly string[][],
): Question {
  const devices = found.map(({ device }) => device);
  const lines = here
    .flatMap(([name]) => name ?? [])
    .filter((name) => !/^(lo|ifb.*)$/.test(name));
  return {
    flag: "interface",
    words: `WAN device (default routes use ${devices.join(", ") || "none"})`,
    usual: devices[0] ?? null,
    fault: (answer) =>
      DEVICE.test(answer) &&
      answer !== "lo" &&
      (here.length === 0 || here.some((names) => names.includes(answer)))
        ? null
        : `must be a device of this host, which has ${lines.join(", ") || "none"}`,
  };
}

const NAME = (usual: string | null): Question => ({
  flag: "wan",
  words: "Name of the WAN",
  usual,
  fault: (answer) =>
    !WAN.test(answer)
      ? `must be ${WAN.words}`
      : ["recorder", "steering"].includes(answer)
        ? "must not be recorder or steering"
        : null,
});

const presetQuestion = (likely: PresetName): Question => ({
  flag: "preset",
  words: `Kind of line (${PRESET_NAMES.join(", ")})`,
  usual: likely,
  fault: (answer) =>
    PRESET_NAMES.some((name) => name === answer)
      ? null
      : `must be one of ${PRESET_NAMES.join(", ")}`,
});

const RATE = (direction: "download" | "upload"): Question => ({
  flag: direction,
  words: `Nominal ${direction} rate, Mbit/s`,
  usual: null,
  fault: (answer) =>
    Number(answer) >= 0.5 && Number(answer) <= 100_000
      ? null
      : "must be a number from 0.5 to 100000",
});

function routerOf({
  router = "",
  user,
  passwordFile,
  fingerprint,
}: SetupOptions) {
  // an IPv6 address can have a port only in brackets
  const [, bracketed, named, port] =
    /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(router) ?? [];
  return {
    ...{ user, passwordFile: resolve(passwordFile) },
    host: bracketed ?? named ?? router,
    port: port === undefined ? null : Number(port),
    fingerprint: fingerprint ?? null,
  };
}

/** Errors in the router flags. */
function routerFaults(options: SetupOptions): string[] {
  const { host, port, passwordFile, fingerprint } = routerOf(options);
  const fault = (flag: string, rule: string, value: string | undefined) =>
    `Cannot set up: --${flag} ${rule}: got '${value}'`;
  return [
    ...(HOST.test(host)
      ? []
      : [fault("router", "must be HOST or HOST:PORT", options.router)]),
    ...(port === null || (port >= 1 && port <= 65_535)
      ? []
      : [fault("router", "must have a port from 1 to 65535", options.router)]),
    ...(fingerprint === null || FINGERPRINT.test(fingerprint)
      ? []
      : [fault("fingerprint", `must be ${FINGERPRINT.words}`, fingerprint)]),
    ...passwordFaults(passwordFile),
  ];
}

function passwordFaults(path: string): string[] {
  try {
    readSecret({ kind: "file", path });
    return [];
  } catch (error) {
    return [`${reasonOf(error)}: set by --password-file`];
  }
}

/** The reflectors that answer, nearest first; all of them if too few answer. */
function heard(family: IpFamily, way: ProbeRoute) {
  const all = REFLECTORS[family];
  const reached = pinged(all, way)
    .map((one) => ({ reflector: one.reflector, ms: leastMs(one) }))
    .filter((one): one is { reflector: string; ms: number } => one.ms !== null)
    .sort((a, b) => a.ms - b.ms);
  for (const { reflector, ms } of reached)
    note(`${reflector} answered in ${ms.toFixed(1)} ms`);
  if (reached.length < REFLECTORS_MIN)
    note(
      `${reached.length} of ${all.length} reflectors answered: check probe.reflectors`,
    );
  const isEnough = reached.length >= REFLECTORS_MIN;
  return {
    reflectors: isEnough ? reached.map((one) => one.reflector) : all,
    idleMs: reached[0]?.ms ?? null,
  };
}

function pinged(reflectors: readonly string[], way: ProbeRoute): Reached[] {
  try {
    return reach(reflectors, way);
  } catch (error) {
    note(reasonOf(error));
    return [];
  }
}

/** Warns if the kernel has no CAKE. */
function noteQueues(device: string): void {
  const devices = { upload: device, download: ifbOf(device) };
  const { has, unread } = lookAtHost({ devices });
  for (const what of unread) note(`Cannot read all of ${what}`);
  if (!has.cake)
    note(
      "this kernel has no CAKE (sch_cake): HTB is used instead, see docs/qdisc.md",
    );
}

const note = (words: string): void =>
  void process.stderr.write(`${printable(words)}\n`);

function write(path: string, text: string): void {
  try {
    makeFolder(join(path, ".."));
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    throw new Failure(`Cannot write '${path}': ${plainReason(error)}`);
  }
  process.stdout.write(`written: ${path}\n`);
}

function nextSteps(
  folder: string,
  { wan, shaper }: ProposedLine,
  others: readonly string[],
): string[] {
  const file = join(folder, `${wan}.yaml`);
  return [
    "",
    "Review the file, especially the rates. Then:",
    ...(shaper.kind === "host"
      ? [
          `  wanctl qdisc up --config ${file}     # creates ${ifbOf(shaper.device)}`,
        ]
      : []),
    `  wanctl check --live ${folder}`,
    `  wanctl recorder --config ${join(folder, "recorder.yaml")}`,
    `  wanctl controller --config ${file}`,
    ...others.map(
      (device) => `For the other WAN: wanctl setup --interface ${device}`,
    ),
  ];
}
