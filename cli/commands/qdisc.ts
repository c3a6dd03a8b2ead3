import type { Command } from "commander";
import { loadControllerConfig } from "../../controller/config/config.js";
import { type Finding, findings } from "../../controller/qdisc/findings.js";
import { lookAtHost, runCommand } from "../../controller/qdisc/look.js";
import type {
  DesiredQueues,
  Device,
  Host,
  Root,
} from "../../controller/qdisc/parse.js";
import {
  planDown,
  type PlanStep,
  planUp,
} from "../../controller/qdisc/plan.js";
import { backendOf } from "../../controller/shapers/backends.js";
import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { showMbps, toKbps } from "../../shared/contract/units.js";
import { Failure } from "../../shared/runtime/failure.js";
import { printable, showBytes, wrap } from "../terminal.js";
import { example } from "./options.js";

export function declare(qdisc: Command): void {
  qdisc.addHelpText(
    "after",
    example("wanctl qdisc show --config /etc/wanctl/spectrum.yaml"),
  );
  const verb = (name: string, description: string): Command =>
    qdisc
      .command(name)
      .description(description)
      .requiredOption("--config <file>", "the controller's configuration, YAML")
      .addHelpText(
        "after",
        example(`wanctl qdisc ${name} --config /etc/wanctl/spectrum.yaml`),
      );
  verb("up", "create them as configured; leave correct ones alone")
    .option("--force", "replace qdiscs that wanctl did not create")
    .option("--dry-run", "only print the commands")
    .action((options: Doing & { force?: true }) => qdiscUp(options));
  verb("down", "remove only what `up` created")
    .option("--dry-run", "only print the commands")
    .action((options: Doing) => qdiscDown(options));
  verb("show", "print the current queues; exit code 0 as configured, 1 not")
    .option("--json", "as one JSON object")
    .action((options: { config: string; json?: true }) => {
      process.exitCode = qdiscShow(options);
    });
}

/** The queues of one WAN for people, as lines of at most 80 columns. */
export function qdiscPage(
  wan: string,
  wanted: DesiredQueues,
  { devices }: Host,
  findings: readonly Finding[],
): readonly string[] {
  const n = findings.length;
  const verdict =
    n === 0 ? "as configured" : `${n} ${n === 1 ? "finding" : "findings"}`;
  return [
    `${wan.padEnd(10)}${verdict}`,
    ...DIRECTIONS.flatMap((direction) => [
      ...section(wanted, direction, devices[direction], devices.upload),
      ...findings
        .filter((finding) => finding.direction === direction)
        .flatMap(({ what }) => wrap("          ! ", printable(what))),
    ]),
  ];
}

function section(
  { devices, limits }: DesiredQueues,
  direction: Direction,
  device: Device | null,
  upload: Device | null,
): readonly string[] {
  const title = head(direction);
  if (device === null) return [`${title}${devices[direction]}: no such device`];
  const { root } = device;
  const mbps = (bps: number | null) =>
    showMbps(bps === null ? null : toKbps(bps));
  const { floorBps, ceilingBps } = limits[direction];
  const rate =
    root.bps === null
      ? "no rate"
      : `${mbps(root.bps)} Mbit/s of ${mbps(floorBps)} to ${mbps(ceilingBps)}`;
  const whose = {
    ours: "",
    kernel: " (the kernel's)",
    foreign: " (not wanctl's)",
  };
  const redirected = upload?.ingress?.filters.find(
    ({ to }) => to === device.name,
  );
  return [
    ...wrap(
      title,
      printable(
        `${device.name}: ${root.name} ${root.handle}${whose[root.owner]}, ${rate}`,
      ),
    ),
    ...(root.kind === "cake"
      ? wrap(head(""), Object.values(root.options).join(", "))
      : []),
    ...(redirected === undefined
      ? []
      : wrap(
          head(""),
          `fed by ${upload?.name}'s ingress (${redirected.kind})`,
        )),
    ...wrap(head(""), counterWords(root)),
  ];
}

function counterWords({ kind, counters }: Root): string {
  const { sentBytes, sentPackets, dropped, marked, acksDropped } = counters;
  return [
    `sent ${showBytes(sentBytes)} in ${sentPackets} packets`,
    `${dropped} dropped`,
    ...(kind === "cake" ? [`${marked} marked`] : []),
    ...(acksDropped > 0 ? [`${acksDropped} ACKs filtered`] : []),
    `backlog ${showBytes(counters.backlogBytes)}`,
  ].join(", ");
}

const head = (name: string): string => `  ${name.padEnd(10)}`;

interface Doing {
  readonly config: string;
  readonly dryRun?: boolean;
}

/** Creates the queues of a controller's configuration. @throws Failure if it must not, or cannot */
export function qdiscUp({
  config,
  force = false,
  dryRun = false,
}: Doing & { readonly force?: boolean }): void {
  const { wan, wanted } = load(config);
  const plan = planUp(wanted, look(wanted), force);
  if (plan.kind === "refused")
    throw new Failure(
      `Cannot create the queues of '${wan}': ${plan.reasons.join("; ")}`,
    );
  perform(wan, plan.steps, dryRun);
  if (dryRun) return;
  // print the result as `show` does
  const host = look(wanted);
  const found = findings(wanted, host);
  say(
    found.length === 0
      ? `${wan}: the queues are as configured`
      : qdiscPage(wan, wanted, host, found).join("\n"),
  );
}

/** Removes what {@link qdiscUp} created, and nothing else. @throws Failure */
export function qdiscDown({ config, dryRun = false }: Doing): void {
  const { wan, wanted } = load(config);
  const host = look(wanted);
  const left = host.feeders.map(
    (feeder) => `, except ${wanted.devices.download}, which ${feeder} uses`,
  );
  const outcome =
    host.unread.length === 0
      ? `everything of wanctl's is removed${left.join("")}`
      : "everything readable of wanctl's is removed";
  perform(wan, planDown(host), dryRun);
  if (!dryRun) say(`${wan}: ${outcome}`);
}

/** Prints the queues. @returns the exit code: 0 as configured, 1 not */
export function qdiscShow({
  config,
  json = false,
}: {
  readonly config: string;
  readonly json?: boolean;
}): number {
  const { wan, wanted } = load(config);
  const host = look(wanted);
  const found = findings(wanted, host);
  const page = json
    ? JSON.stringify({ wan, findings: found, ...host }, null, 2)
    : qdiscPage(wan, wanted, host, found).join("\n");
  process.stdout.write(`${page}\n`);
  return found.length === 0 ? 0 : 1;
}

/** Reads the queues; reports what could not be read. @throws Failure */
function look(wanted: DesiredQueues): Host {
  const host = lookAtHost(wanted);
  for (const what of host.unread)
    process.stderr.write(`wanctl: Cannot read all of ${printable(what)}\n`);
  return host;
}

/** @throws ConfigError, or Failure if the controller's queues are not on this host */
function load(config: string): {
  readonly wan: string;
  readonly wanted: DesiredQueues;
} {
  const { wan, shaper, policy } = loadControllerConfig(config).values;
  const wanted = backendOf(shaper).hostQueues(shaper, policy.limits);
  if (wanted === null)
    throw new Failure(
      `Cannot find queues of '${wan}' on this host: shaper.backend must be tc: got '${shaper.backend}'`,
    );
  return { wan, wanted };
}

/** Runs the steps, printing each; if one fails, undoes those before it. @throws Failure */
function perform(
  wan: string,
  steps: readonly PlanStep[],
  dryRun: boolean,
): void {
  const done: PlanStep[] = [];
  for (const step of steps) {
    say(step.run);
    if (dryRun) continue;
    const { ok, complaint } = runCommand(step.run);
    if (!ok && step.isGuess !== true) {
      takeBack(done);
      if (/operation not permitted/i.test(complaint))
        throw new Failure(
          `Cannot change the queues of '${wan}': must be root, or have CAP_NET_ADMIN: --dry-run only prints the commands`,
        );
      throw new Failure(
        `Cannot run '${step.run}': ${complaint}: the previous steps were undone`,
      );
    }
    done.push(step);
  }
}

const say = (words: string): void => void process.stdout.write(`${words}\n`);

function takeBack(done: readonly PlanStep[]): void {
  for (const { undo } of done.toReversed()) {
    if (undo === null) continue;
    say(undo);
    runCommand(undo); // go on even if it fails
  }
}
