import type { Command } from "commander";
import { migrateConfig } from "../migrate/config.js";
import { example } from "./options.js";

export function declare(command: Command): void {
  command.addHelpText("after", example("wanctl migrate config spectrum.yaml"));
  command
    .command("config")
    .description(
      "convert configuration files, and report what became of each key",
    )
    .argument("<file...>", "the Python wanctl's configuration of a WAN, YAML")
    .option("--to <dir>", "write the files there (default: print them)")
    .addHelpText(
      "after",
      example("wanctl migrate config old/*.yaml --to /etc/wanctl"),
    )
    .action((files: string[], options: { to?: string }) => {
      process.exitCode = migrateConfig(files, options);
    });
  command
    .command("history")
    .description(
      "import the database into the recorder's, which must be stopped",
    )
    .argument(
      "<file>",
      "the Python wanctl's database, metrics.db or metrics-WAN.db",
    )
    .requiredOption(
      "--to <file>",
      "the recorder's, created if it does not exist",
    )
    .addHelpText(
      "after",
      example(
        "wanctl migrate history metrics.db --to /var/lib/wanctl/history.db",
      ),
    )
    .action(async (file: string, { to }: { to: string }) => {
      const { migrateHistory } = await import("../migrate/history.js");
      await migrateHistory(file, to);
    });
}
