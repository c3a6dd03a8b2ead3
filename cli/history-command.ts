import { Option, type Command } from "commander";
import type { HistoryOptions } from "./history/question.js";

const VIEWS = ["summary", "plot", "events"] as const;

/** Declares `wanctl history`: its options, and which of them exclude each other. */
export function addHistory(
  wanctl: Command,
  runDir: string,
  collect: (value: string, before?: readonly string[]) => string[],
): Command {
  const view = (name: (typeof VIEWS)[number], description: string) =>
    new Option(`--${name}`, description).conflicts(
      VIEWS.filter((other) => other !== name),
    );
  const resolution = ["summary", "plot", "events"];
  return wanctl
    .command("history")
    .description("print what the recorder has kept: a table, charts, numbers")
    .option("--last <span>", "so much of it, as 90m, 1h30m, 7d (default: 1h)")
    .option("--from <time>", "from then on: ISO 8601, 20:00, 'yesterday 20:00'")
    .option("--to <time>", "up to then (default: now)")
    .option("--wan <name>", "only this WAN (repeatable)", collect)
    .option(
      "--metrics <list>",
      "of rtt, rate, load, state, or whole names like wanctl_rtt_ms",
      collect,
    )
    .addOption(
      new Option("--step <span>", "a line every so often, or for each cycle")
        .argParser(String)
        .conflicts(["points", ...resolution]),
    )
    .addOption(
      new Option("--points <n>", "so many lines at most").conflicts(resolution),
    )
    .addOption(
      view("summary", "percentiles, time in each state, worst minutes"),
    )
    .addOption(
      view("plot", "charts of RTT, rates and states").conflicts([
        "json",
        "csv",
      ]),
    )
    .addOption(
      view("events", "what happened, and why; the newest last").conflicts([
        "metrics",
      ]),
    )
    .addOption(new Option("--json", "one JSON object").conflicts(["csv"]))
    .option("--csv", "comma-separated values, with a header")
    .addOption(
      new Option("--follow", "go on live, until Ctrl-C").conflicts([
        ...["to", "json", "csv", "summary", "plot", "db"],
      ]),
    )
    .addOption(
      new Option(
        "--db <file>",
        "a copy of the database, or a stopped recorder's",
      ).conflicts(["url", "runDir"]),
    )
    .addOption(
      new Option(
        "--url <url>",
        "the recorder of another host, over HTTP; its token in $WANCTL_TOKEN",
      ).conflicts("runDir"),
    )
    .option("--run-dir <dir>", runDir)
    .action(async (options: HistoryOptions) => {
      const { history } = await import("./history.js");
      process.exitCode = await history(options);
    });
}
