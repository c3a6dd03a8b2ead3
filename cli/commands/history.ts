import { type Command, Option } from "commander";
import { systemClock } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import { stopSignal } from "../../shared/runtime/stop.js";
import { followEvents, followTable } from "../history/follow.js";
import { openScreen } from "../history/paint.js";
import { openPlace } from "../history/place.js";
import { TELL } from "../history/programs.js";
import {
  type HistoryOptions,
  type HistoryQuestion,
  questionOf,
} from "../history/question.js";
import { NotRunning, type Past } from "../history/remote.js";
import {
  showEvents,
  showPlot,
  showSummary,
  showTable,
} from "../history/terminal.js";
import { collect, example, RUN_DIR } from "./options.js";

const VIEWS = ["summary", "plot", "events"] as const;

/** Declares the options and their conflicts; their values are parsed in history/question.ts. */
export function declare(command: Command): void {
  const view = (name: (typeof VIEWS)[number], description: string) =>
    new Option(`--${name}`, description).conflicts(
      VIEWS.filter((other) => other !== name),
    );
  const resolution = ["summary", "plot", "events"];
  command
    .option(
      "--last <span>",
      "length of the time range: 90m, 1h30m, 7d (default: 1h)",
    )
    .option("--from <time>", "start: ISO 8601, 20:00, 'yesterday 20:00'")
    .option("--to <time>", "end (default: now)")
    .option("--wan <name>", "only this WAN (repeatable)", collect)
    .option(
      "--metrics <list>",
      "rtt, rate, load, state, or full names like wanctl_rtt_ms",
      collect,
    )
    .addOption(
      new Option(
        "--step <span>",
        "interval between lines, or cycle for every cycle",
      )
        .argParser(String)
        .conflicts(["points", ...resolution]),
    )
    .addOption(
      new Option("--points <n>", "maximum number of lines").conflicts(
        resolution,
      ),
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
      view("events", "events and their reasons; newest last").conflicts([
        "metrics",
      ]),
    )
    .addOption(new Option("--json", "one JSON object").conflicts(["csv"]))
    .option("--csv", "comma-separated values, with a header")
    .addOption(
      new Option("--follow", "keep printing live, until Ctrl-C").conflicts([
        ...["to", "json", "csv", "summary", "plot", "db"],
      ]),
    )
    .addOption(
      new Option(
        "--db <file>",
        "read a copy of the database, or that of a stopped recorder",
      ).conflicts(["url", "runDir"]),
    )
    .addOption(
      new Option(
        "--url <url>",
        "query the recorder of another host over HTTP; token in $WANCTL_TOKEN",
      ).conflicts("runDir"),
    )
    .option("--run-dir <dir>", RUN_DIR)
    .addHelpText(
      "after",
      example(
        "wanctl history --last 24h --summary",
        "wanctl history --from 'yesterday 20:00' --last 2h --plot --wan spectrum",
      ),
    )
    .action(async (options: HistoryOptions) => {
      process.exitCode = await history(options);
    });
}

const SHOW = {
  values: showTable,
  summary: showSummary,
  plot: showPlot,
} as const;

const EXIT = { done: 0, notRunning: 2, interrupted: 130 } as const;

/** Prints the recorded history. Returns the exit code: 0 done, 2 no recorder is running. @throws Failure */
export async function history(options: HistoryOptions): Promise<number> {
  const question = questionOf(options, systemClock.wall());
  const stop = stopSignal();
  try {
    using past = await openPlace(options, say);
    await answer(past, question, stop);
    return EXIT.done;
  } catch (error) {
    if (stop.aborted) return question.follow ? EXIT.done : EXIT.interrupted;
    if (!(error instanceof NotRunning)) throw error;
    say(error.message);
    return EXIT.notRunning;
  }
}

const say = (words: string): void =>
  void process.stderr.write(`wanctl: ${words}\n`);

async function answer(
  past: Past,
  question: HistoryQuestion,
  stop: AbortSignal,
) {
  const { as, what, follow } = question;
  const screen = openScreen();
  const follower = { past, screen, clock: systemClock, say };
  if (what === "events") {
    // a source of events may have no values, like the recorder
    if (follow) return followEvents({ ...follower, question }, stop);
    const tell = as === "text" ? showEvents : TELL.events;
    return tell(past, question, screen, stop);
  }
  const wans = await wansOf(past, question.wans, stop);
  const asked = { ...question, wans };
  if (follow) return followTable({ ...follower, question: asked }, stop);
  if (as !== "text" && what !== "plot")
    return TELL[what](past, asked, screen, stop);
  if (wans.length === 0) return screen.print(["nothing recorded yet"]);
  return SHOW[what](past, asked, screen, stop);
}

/** The requested WANs; default: all. @throws Failure for one that is not in the history */
async function wansOf(
  past: Past,
  wans: HistoryQuestion["wans"],
  stop: AbortSignal,
): Promise<readonly string[]> {
  const { metadata } = await past.series(stop);
  const there = metadata.wans.map(({ wan }) => wan).sort();
  const missing = wans?.filter((wan) => !there.includes(wan)) ?? [];
  if (missing.length === 0) return wans ?? there;
  throw new Failure(
    `Cannot show WAN '${missing.join("', '")}': must be one of ${there.join(", ") || "none yet"}`,
  );
}
