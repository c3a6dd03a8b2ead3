import type { Command } from "commander";
import type { SetupOptions } from "./setup.js";

/** Declares what is about configuration files: `check`, `config`, `migrate`, `setup`. */
export function addConfiguration(
  wanctl: Command,
  example: (...lines: readonly string[]) => string,
): void {
  wanctl
    .command("check")
    .description("check configuration files; exit code 0 valid, 1 not")
    .argument(
      "<file...>",
      "a controller's or the recorder's configuration, or a folder of them",
    )
    .option(
      "--live",
      "also look at what they name: router or queues, reflectors, routes, disk",
    )
    .option("--json", "the verdicts as one JSON array")
    .addHelpText(
      "after",
      example("wanctl check /etc/wanctl", "wanctl check --live att.yaml"),
    )
    .action(async (files: string[], options: { live?: true; json?: true }) => {
      const { check } = await import("./check.js");
      process.exitCode = await check(files, options);
    });

  const config = wanctl
    .command("config")
    .description("look at configuration files")
    .helpCommand("help [command]", "print this help, or that of a command")
    .addHelpText("after", example("wanctl config show"));
  config
    .command("show")
    .description("print every value that holds, and where it comes from")
    .argument("[file...]", "files, or a folder of them", ["/etc/wanctl"])
    .option("--json", "as one JSON array, keys without a value too")
    .addHelpText("after", example("wanctl config show spectrum.yaml"))
    .action(async (files: string[], options: { json?: true }) => {
      const { configShow } = await import("./config-show.js");
      configShow(files, options);
    });

  const migrate = wanctl
    .command("migrate")
    .description("take over what the Python wanctl has left")
    .helpCommand("help [command]", "print this help, or that of a command")
    .addHelpText("after", example("wanctl migrate config spectrum.yaml"));
  migrate
    .command("config")
    .description("make our files of its, and say what became of each key")
    .argument("<file...>", "its configuration of a WAN, YAML")
    .option("--to <dir>", "write them there (default: print them)")
    .addHelpText(
      "after",
      example("wanctl migrate config old/*.yaml --to /etc/wanctl"),
    )
    .action(async (files: string[], options: { to?: string }) => {
      const { migrateConfig } = await import("./migrate-config.js");
      process.exitCode = migrateConfig(files, options);
    });
  migrate
    .command("history")
    .description(
      "take its database over into the recorder's, which must not run",
    )
    .argument("<file>", "its database, metrics.db or metrics-WAN.db")
    .requiredOption("--to <file>", "the recorder's, made where there is none")
    .addHelpText(
      "after",
      example(
        "wanctl migrate history metrics.db --to /var/lib/wanctl/history.db",
      ),
    )
    .action(async (file: string, { to }: { to: string }) => {
      const { migrateHistory } = await import("./migrate-history.js");
      await migrateHistory(file, to);
    });

  wanctl
    .command("setup")
    .description(
      "look at this host or a router, and write a first configuration",
    )
    .option("--to <dir>", "folder of the files", "/etc/wanctl")
    .option("--wan <name>", "name of the line")
    .option("--interface <device>", "device of the line, on this host")
    .option("--preset <kind>", "cable, vdsl, fibre, lte or starlink")
    .option("--download <mbps>", "what the provider sells, Mbit/s")
    .option("--upload <mbps>", "the same, upload")
    .option(
      "--router <host>",
      "a MikroTik router whose queues are set, HOST[:PORT]",
    )
    .option("--user <name>", "who logs in there", "wanctl")
    .option(
      "--password-file <file>",
      "holds the password",
      "/etc/wanctl/router.password",
    )
    .option("--fingerprint <sha256>", "of the router's certificate")
    .option("--yes", "ask nothing: take what is likely")
    .addHelpText("after", example("wanctl setup --to ."))
    .action(async (options: SetupOptions) => {
      const { setup } = await import("./setup.js");
      await setup(options);
    });
}
