import type { Command } from "commander";
import { type RunFolder, runFolder } from "../../shared/runtime/paths.js";
import { endAtLast } from "../../shared/runtime/stop.js";
import { example, RUN_DIR } from "./options.js";

interface DaemonOptions {
  readonly config: string;
  readonly runDir?: string;
  readonly untilEof?: true;
}

type Run = (config: string, run: RunFolder) => Promise<void>;

const daemon = (line: string, load: () => Promise<Run>) => ({
  declare: (command: Command): void =>
    void command
      .requiredOption("--config <file>", "configuration, YAML")
      .option("--run-dir <dir>", RUN_DIR)
      .option("--until-eof", "stop at the end of standard input, as at SIGTERM")
      .addHelpText("after", example(line))
      .hook("postAction", endAtLast)
      .action(async ({ config, runDir, untilEof }: DaemonOptions) => {
        const run = await load();
        await endingWithInput(untilEof, () => run(config, runFolder(runDir)));
      }),
});

export const controller = daemon(
  "wanctl controller --config /etc/wanctl/spectrum.yaml",
  async () => (await import("../../controller/main.js")).runController,
);

export const recorder = daemon(
  "wanctl recorder --config /etc/wanctl/recorder.yaml",
  async () => (await import("../../recorder/main.js")).runRecorder,
);

/** Stops at the end of standard input, which closes even if the parent is killed. */
async function endingWithInput(
  untilEof: true | undefined,
  run: () => Promise<void>,
): Promise<void> {
  if (untilEof === undefined) return run();
  const end = () => process.kill(process.pid, "SIGTERM");
  process.stdin.once("end", end).resume();
  try {
    await run();
  } finally {
    process.stdin.off("end", end).destroy();
  }
}
