import { systemClock } from "../shared/runtime/clock.js";
import { Failure } from "../shared/runtime/failure.js";
import { stopSignal } from "../shared/runtime/stop.js";
import { followEvents, followTable } from "./history/follow.js";
import {
  showEvents,
  showPlot,
  showSummary,
  showTable,
} from "./history/people.js";
import { openPlace } from "./history/place.js";
import { TELL } from "./history/programs.js";
import {
  type HistoryOptions,
  type Question,
  questionOf,
} from "./history/question.js";
import type { Past } from "./history/remote.js";
import { openScreen } from "./history/screen.js";
import { NotRunning } from "./history/transport.js";

const SHOW = {
  values: showTable,
  summary: showSummary,
  plot: showPlot,
} as const;

const EXIT = { done: 0, notRunning: 2, interrupted: 130 } as const;

/** Prints what the recorder has kept. Returns the exit code: 0 done, 2 no recorder runs. @throws Failure */
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

async function answer(past: Past, question: Question, stop: AbortSignal) {
  const { as, what, follow } = question;
  const screen = openScreen();
  const follower = { past, screen, clock: systemClock, say };
  if (what === "events") {
    // whoever has events need not have values, as the recorder
    if (follow) return followEvents({ ...follower, question }, stop);
    const tell = as === "text" ? showEvents : TELL.events;
    return tell(past, question, screen, stop);
  }
  const wans = await wansOf(past, question.wans, stop);
  const asked = { ...question, wans };
  if (follow) return followTable({ ...follower, question: asked }, stop);
  if (as !== "text" && what !== "plot")
    return TELL[what](past, asked, screen, stop);
  if (wans.length === 0) return screen.print(["nothing is recorded yet"]);
  return SHOW[what](past, asked, screen, stop);
}

/** The WANs asked for; all there are where none was named. @throws Failure for one that is not in the history */
async function wansOf(
  past: Past,
  wans: Question["wans"],
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
