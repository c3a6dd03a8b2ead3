#!/usr/bin/env node
import { readFileSync } from "node:fs";
import {
  Argument,
  Command,
  CommanderError,
  InvalidArgumentError,
} from "commander";
import { ConfigError } from "../shared/config/error.js";
import { Failure } from "../shared/runtime/failure.js";
import { priorityMark } from "../shared/runtime/log.js";
import { runFolder } from "../shared/runtime/paths.js";
import { endAtLast } from "../shared/runtime/stop.js";
import { completion, type Shell, SHELLS } from "./completion.js";
import { addConfiguration } from "./config-commands.js";
import { addHistory } from "./history-command.js";
import type { LabOptions } from "./lab.js";

// Programs are imported when they are asked for: `wanctl check` needs no network, no database.

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };

interface Daemon {
  readonly config: string;
  readonly runDir?: string;
  readonly untilEof?: true;
}

const RUN_DIR =
  "folder of the sockets (default: $WANCTL_RUN, else /run/wanctl)";

const example = (...lines: readonly string[]): string =>
  `\nExample:\n${lines.map((line) => `  ${line}\n`).join("")}`;

const collect = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  value,
];

function positive(text: string): number {
  const n = Number(text);
  if (!(n > 0 && n <= 1e6))
    throw new InvalidArgumentError(
      "Must be a number above 0, at most 1000000.",
    );
  return n;
}

const wanctl = new Command("wanctl")
  .description(
    "Keeps internet uplinks free of bufferbloat: one controller per WAN measures\n" +
      "round-trip time and sets the rates of its CAKE queues; one recorder keeps\n" +
      "the history.",
  )
  .version(version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .helpCommand("help [command]", "print this help, or that of a command")
  .showHelpAfterError("(see 'wanctl --help')")
  .configureOutput({
    outputError: (words, write) => write(words.replace(/^error: /, "wanctl: ")),
  })
  .exitOverride()
  .addHelpText("after", example("wanctl demo", "wanctl tap --help"));

const daemon = (name: string, description: string, line: string): Command =>
  wanctl
    .command(name)
    .description(description)
    .requiredOption("--config <file>", "its configuration, YAML")
    .option("--run-dir <dir>", RUN_DIR)
    .option("--until-eof", "stop when standard input ends, as at SIGTERM")
    .addHelpText("after", example(line))
    .hook("postAction", endAtLast);

daemon(
  "controller",
  "control one WAN",
  "wanctl controller --config /etc/wanctl/spectrum.yaml",
).action(async ({ config, runDir, untilEof }: Daemon) => {
  const { runController } = await import("../controller/main.js");
  const run = runFolder(runDir);
  await endingWithInput(untilEof, () => runController(config, run));
});

daemon(
  "recorder",
  "record what all controllers publish",
  "wanctl recorder --config /etc/wanctl/recorder.yaml",
).action(async ({ config, runDir, untilEof }: Daemon) => {
  const { runRecorder } = await import("../recorder/main.js");
  const run = runFolder(runDir);
  await endingWithInput(untilEof, () => runRecorder(config, run));
});

wanctl
  .command("tap")
  .description("print what controllers publish, live")
  .option("--wan <name>", "only this WAN (repeatable)", collect)
  .option(
    "--kind <kind>",
    "only cycle, transition, event, config or sample (repeatable)",
    collect,
  )
  .option("--json", "one JSON object per frame and line")
  .option("--run-dir <dir>", RUN_DIR)
  .addHelpText(
    "after",
    example("wanctl tap --wan spectrum --kind transition --kind event"),
  )
  .action(
    async (options: {
      wan?: string[];
      kind?: string[];
      json?: true;
      runDir?: string;
    }) => {
      const { tap } = await import("./tap.js");
      await tap(options, runFolder(options.runDir));
    },
  );

addHistory(wanctl, RUN_DIR, collect).addHelpText(
  "after",
  example(
    "wanctl history --last 24h --summary",
    "wanctl history --from 'yesterday 20:00' --last 2h --plot --wan spectrum",
  ),
);

wanctl
  .command("status")
  .description(
    "print how everybody is; exit code 0 fine, 1 degraded, 2 not running",
  )
  .option("--json", "the answers as one JSON object")
  .option("--run-dir <dir>", RUN_DIR)
  .addHelpText(
    "after",
    example("wanctl status || systemctl list-units 'wanctl*'"),
  )
  .action(async (options: { json?: true; runDir?: string }) => {
    const { status } = await import("./status.js");
    process.exitCode = await status(options, runFolder(options.runDir));
  });

addConfiguration(wanctl, example);

const qdisc = wanctl
  .command("qdisc")
  .description("make, remove or look at the queues of this host for one WAN")
  .helpCommand("help [command]", "print this help, or that of a command")
  .addHelpText(
    "after",
    example("wanctl qdisc show --config /etc/wanctl/spectrum.yaml"),
  );

const queues = (verb: string, description: string): Command =>
  qdisc
    .command(verb)
    .description(description)
    .requiredOption("--config <file>", "the controller's configuration, YAML")
    .addHelpText(
      "after",
      example(`wanctl qdisc ${verb} --config /etc/wanctl/spectrum.yaml`),
    );

queues("up", "make them as configured; what is so already is left alone")
  .option("--force", "replace qdiscs that are not wanctl's")
  .option("--dry-run", "only print the commands")
  .action(async (options: { config: string; force?: true; dryRun?: true }) => {
    const { qdiscUp } = await import("./qdisc.js");
    qdiscUp(options);
  });

queues("down", "remove what `up` made, and nothing else")
  .option("--dry-run", "only print the commands")
  .action(async (options: { config: string; dryRun?: true }) => {
    const { qdiscDown } = await import("./qdisc.js");
    qdiscDown(options);
  });

queues("show", "print what is there; exit code 0 as configured, 1 not")
  .option("--json", "as one JSON object")
  .action(async (options: { config: string; json?: true }) => {
    const { qdiscShow } = await import("./qdisc.js");
    process.exitCode = qdiscShow(options);
  });

wanctl
  .command("demo")
  .description("run the whole system here, on two simulated lines")
  .option(
    "--dir <dir>",
    "where to keep it (default: a folder of yours in /tmp)",
  )
  .option("--seconds <n>", "stop after so long (default: at Ctrl-C)", positive)
  .addHelpText("after", example("wanctl demo --seconds 60"))
  .action(async (options: { dir?: string; seconds?: number }) => {
    const { demo } = await import("./demo.js");
    await demo(options);
  });

wanctl
  .command("lab")
  .description(
    "let rate laws play simulated lines; print how they fared against each other",
  )
  .option("--scenario <ids>", "only these, as S0,S1 (default: all)")
  .option("--policy <names>", "only these, as oracle,wanctl (default: all)")
  .option("--seeds <n>", "runs of each, with other dice", positive, 20)
  .option("--json", "standings and all runs as one JSON object")
  .option("--report <file>", "also write an HTML page with plots")
  .addHelpText("after", example("wanctl lab --scenario S0,S1 --seeds 3"))
  .action(async (options: LabOptions) => {
    const { lab } = await import("./lab.js");
    await lab(options);
  });

wanctl
  .command("version")
  .description("print the version")
  .addHelpText("after", example("wanctl version"))
  .action(() => void process.stdout.write(`${version}\n`));

wanctl
  .command("completion")
  .description("print a script that completes words, for the shell to source")
  .addArgument(new Argument("<shell>").choices(SHELLS))
  .addHelpText(
    "after",
    example("wanctl completion bash > /etc/bash_completion.d/wanctl"),
  )
  .action((shell: Shell) => {
    process.stdout.write(completion(wanctl, shell));
  });

/** A parent that dies without a word closes our standard input. */
async function endingWithInput(
  wished: true | undefined,
  run: () => Promise<void>,
): Promise<void> {
  if (wished === undefined) return run();
  const end = () => process.kill(process.pid, "SIGTERM");
  process.stdin.once("end", end).resume();
  try {
    await run();
  } finally {
    process.stdin.off("end", end).destroy();
  }
}

// Our reader has had enough, as with `| head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  await wanctl.parseAsync();
} catch (error) {
  process.exit(exitCodeOf(error));
}

/** Says what went wrong: a line for what an operator can mend, a stack for what only we can. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const words =
    error instanceof Failure || error instanceof ConfigError
      ? error.message.replace(/^/gm, `${priorityMark("error")}wanctl: `)
      : error instanceof Error
        ? error.stack
        : String(error);
  process.stderr.write(`${words}\n`);
  return 1;
}
