import type { Command } from "commander";
import { migrateConfig } from "../migrate/config.js";
import { example } from "./options.js";

export function declare(command: Command): void {
  command.addHelpText("after", example("wanctl migrate config spectrum.yaml"));
  command
    .command("config")
    .description("convert its files, and report what each key becomes")
    .argument("<file...>", "its configuration file of a WAN, YAML")
    .option("--to <dir>", "folder for the new files (default: print them)")
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
      "import its database into the recorder's, which must not be running",
    )
    .argument("<file>", "its database, metrics.db or metrics-WAN.db")
    .requiredOption(
      "--to <file>",
      "the recorder's database, created if missing",
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
