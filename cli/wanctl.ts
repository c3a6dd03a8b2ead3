#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ConfigError } from "../shared/config/error.js";
import { Failure } from "../shared/runtime/failure.js";
import { priorityMark } from "../shared/runtime/log.js";
import { example } from "./commands/options.js";

interface CommandRow {
  readonly name: string;
  readonly description: string;
  /** Declares arguments, options and action. Loaded on demand: `wanctl check` needs no network and no database. */
  readonly load: () => Promise<{ declare(command: Command): void }>;
}

/** Every command, in the order of the help: a new one is a row here and a file in commands/. */
// prettier-ignore
const COMMANDS: readonly CommandRow[] = [
  { name: "controller", description: "control one WAN",
    load: async () => (await import("./commands/daemons.js")).controller },
  { name: "recorder", description: "record what all controllers publish",
    load: async () => (await import("./commands/daemons.js")).recorder },
  { name: "tap", description: "print what controllers publish, live",
    load: () => import("./commands/tap.js") },
  { name: "history", description: "print the recorded history: a table, charts, numbers",
    load: () => import("./commands/history.js") },
  { name: "status", description: "print the state of every process; exit code 0 fine, 1 degraded, 2 not running",
    load: () => import("./commands/status.js") },
  { name: "check", description: "check configuration files; exit code 0 valid, 1 not",
    load: () => import("./commands/check.js") },
  { name: "config", description: "inspect configuration files",
    load: () => import("./commands/config.js") },
  { name: "migrate", description: "import configuration and history of the Python wanctl",
    load: () => import("./commands/migrate.js") },
  { name: "setup", description: "inspect this host or a router, and write a first configuration",
    load: () => import("./commands/setup.js") },
  { name: "qdisc", description: "create, remove or show the queues of this host for one WAN",
    load: () => import("./commands/qdisc.js") },
  { name: "demo", description: "run the whole system locally, on two simulated lines",
    load: () => import("./commands/demo.js") },
  { name: "lab", description: "run rate controllers on simulated lines and compare them",
    load: () => import("./commands/lab.js") },
  { name: "completion", description: "print a completion script for the shell to source",
    load: () => import("./commands/completion.js") },
];

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };

const HELP_COMMAND = [
  "help [command]",
  "print this help, or the help of a command",
] as const;

const wanctl = new Command("wanctl")
  .description(
    "Keeps internet uplinks free of bufferbloat: one controller per WAN measures\n" +
      "round-trip time and sets the rates of its CAKE queues; one recorder keeps\n" +
      "the history.",
  )
  .version(version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .helpCommand(...HELP_COMMAND)
  .showHelpAfterError("(see 'wanctl --help')")
  .configureOutput({
    outputError: (words, write) => write(words.replace(/^error: /, "wanctl: ")),
  })
  .exitOverride()
  .addHelpText("after", example("wanctl demo", "wanctl tap --help"));

/** Declares all commands by name, and fully the requested one; all fully for completion. */
async function declareAsked(
  program: Command,
  [first, second]: readonly string[],
): Promise<void> {
  const asked = first === "help" ? second : first;
  for (const { name, description, load } of COMMANDS) {
    const command = program.command(name).description(description);
    if (asked !== name && asked !== "completion") continue;
    (await load()).declare(command);
    if (command.commands.length > 0) command.helpCommand(...HELP_COMMAND);
  }
  program
    .command("version")
    .description("print the version")
    .addHelpText("after", example("wanctl version"))
    .action(() => void process.stdout.write(`${version}\n`));
}

// The reader closed the pipe, as with `| head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  await declareAsked(wanctl, process.argv.slice(2));
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
