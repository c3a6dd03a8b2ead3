import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PRESET_NAMES, type PresetName } from "../controller/law/presets.js";
import { ownName } from "../controller/pinger/libc.js";
import { DEVICE } from "../controller/probe-schema.js";
import { Failure, reasonOf } from "../shared/failure.js";
import { makeFolder } from "../shared/folder.js";
import { WAN_NAME } from "../shared/frame.js";
import { lookAtHost } from "../controller/qdisc/look.js";
import { leastMs, reach, type Reached } from "./check/reach.js";
import { nameOf } from "./migrate/name.js";
import { ifbOf, likelyPreset, proposal, type Line } from "./setup/proposal.js";
import { openQuestions, type Question } from "./setup/questions.js";
import { queuesOf } from "./setup/router.js";
import { printable } from "./terminal.js";
import { uplinks } from "./setup/uplinks.js";

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

/** Each of another network, known all over the world. */
const REFLECTORS = [
  ...["1.1.1.1", "8.8.8.8", "9.9.9.9"],
  ...["208.67.222.222", "94.140.14.14", "76.76.2.0"],
];

/** Fewer cannot tell a reflector's own delay from the line's. */
const REFLECTORS_MIN = 3;

/**
 * Looks at this host, or a router, asks what it cannot see, and writes a controller's file, and the recorder's where there
 * is none. Never over one that is there.
 * @throws Failure
 */
export async function setup(options: SetupOptions): Promise<void> {
  using questions = openQuestions(options.yes !== true && process.stdin.isTTY);
  const found = options.router === undefined ? uplinks() : [];
  const device =
    options.router === undefined
      ? ownName(
          await questions.ask(
            deviceQuestion(found),
            options.interface ?? (found.length === 1 ? found[0] : undefined),
          ),
        )
      : null;
  const wan = await questions.ask(NAME(nameOf(device ?? "wan")), options.wan);
  const file = join(options.to, `${wan}.yaml`);
  if (existsSync(file))
    throw new Failure(`Cannot write '${file}': it is there already`);
  const shaper =
    device === null
      ? await queuesOf({ ...routerOf(options) })
      : ({ kind: "tc", device } as const);
  if (device !== null) noteQueues(device);
  const { reflectors, idleMs } = heard(device);
  const likely = likelyPreset(device, idleMs);
  const preset = await questions.ask(presetQuestion(likely), options.preset);
  const planMbps = {
    download: Number(await questions.ask(RATE("download"), options.download)),
    upload: Number(await questions.ask(RATE("upload"), options.upload)),
  };
  const line: Line = {
    ...{ wan, reflectors, idleMs, planMbps, shaper },
    preset: preset as PresetName,
  };
  write(file, proposal(line));
  const recorder = join(options.to, "recorder.yaml");
  if (!existsSync(recorder)) write(recorder, RECORDER);
  const others = found.filter((other) => other !== device);
  process.stdout.write(`${nextSteps(options.to, line, others).join("\n")}\n`);
}

const RECORDER = `# One recorder for all WANs. Every key stands in docs/configuration.md.
storage:
  db_path: /var/lib/wanctl/metrics.db
`;

const deviceQuestion = (found: readonly string[]): Question => ({
  flag: "interface",
  words: `Device of the line (default routes leave by ${found.join(", ") || "none"})`,
  usual: found[0] ?? null,
  fault: (answer) =>
    DEVICE.test(answer) ? null : "must be a device of this host",
});

const NAME = (usual: string | null): Question => ({
  flag: "wan",
  words: "Name of the line",
  usual,
  fault: (answer) =>
    !WAN_NAME.test(answer)
      ? `must match ${WAN_NAME.source}`
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
  words: `What the provider sells, ${direction}, Mbit/s`,
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
  const [, host = router, port] = /^(.*?)(?::(\d+))?$/.exec(router) ?? [];
  return {
    ...{ host, user, passwordFile: resolve(passwordFile) },
    port: port === undefined ? null : Number(port),
    fingerprint: fingerprint ?? null,
  };
}

/** Who answers pings, the nearest first; all, where hardly anybody does. */
function heard(device: string | null) {
  const reached = pinged(device)
    .map((one) => ({ reflector: one.reflector, ms: leastMs(one) }))
    .filter((one): one is { reflector: string; ms: number } => one.ms !== null)
    .sort((a, b) => a.ms - b.ms);
  for (const { reflector, ms } of reached)
    note(`${reflector} answers after ${ms.toFixed(1)} ms`);
  if (reached.length < REFLECTORS_MIN)
    note(
      `${reached.length} of ${REFLECTORS.length} reflectors answered: look at probe.reflectors`,
    );
  const isEnough = reached.length >= REFLECTORS_MIN;
  return {
    reflectors: isEnough ? reached.map((one) => one.reflector) : REFLECTORS,
    idleMs: reached[0]?.ms ?? null,
  };
}

function pinged(device: string | null): Reached[] {
  try {
    return reach(REFLECTORS, { source: null, interface: device });
  } catch (error) {
    note(reasonOf(error));
    return [];
  }
}

/** HTB serves where there is no CAKE, but is no match for it. */
function noteQueues(device: string): void {
  const devices = { upload: device, download: ifbOf(device) };
  const { has, unread } = lookAtHost({ devices });
  for (const what of unread) note(`Cannot read all of ${what}`);
  if (!has.cake)
    note(
      "this kernel has no CAKE (sch_cake): HTB has to do, see docs/qdisc.md",
    );
}

const note = (words: string): void =>
  void process.stderr.write(`${printable(words)}\n`);

function write(path: string, text: string): void {
  try {
    makeFolder(join(path, ".."));
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    throw new Failure(`Cannot write '${path}': ${reasonOf(error)}`);
  }
  process.stdout.write(`written: ${path}\n`);
}

function nextSteps(
  folder: string,
  { wan, shaper }: Line,
  others: readonly string[],
): string[] {
  const file = join(folder, `${wan}.yaml`);
  return [
    "",
    "Look it over, above all the rates. Then:",
    ...(shaper.kind === "tc"
      ? [
          `  wanctl qdisc up --config ${file}     # makes ${ifbOf(shaper.device)}`,
        ]
      : []),
    `  wanctl check --live ${folder}`,
    `  wanctl recorder --config ${join(folder, "recorder.yaml")}`,
    `  wanctl controller --config ${file}`,
    ...others.map(
      (device) => `And for the other line: wanctl setup --interface ${device}`,
    ),
  ];
}
