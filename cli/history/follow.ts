import type { HistoryEvent } from "../../shared/contract/history.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import { type Clock, later } from "../../shared/runtime/clock.js";
import { openEventList } from "./event-lines.js";
import type { Screen } from "./paint.js";
import { newestEvents, rangePages } from "./place.js";
import type { HistoryQuestion } from "./question.js";
import { NotRunning, type Past } from "./remote.js";
import {
  momentsOf,
  openTable,
  rowsOf,
  type Table,
  TABLE_METRICS,
} from "./table.js";
import { type Asked, EVENTS_MAX, TABLE_POINTS } from "./terminal.js";

/** Data older than this, ms, is complete: the recorder commits once a second. */
const SETTLED_MS = 2_000;
const ASK_MS = 1_000;

/** Resent frames may bring events this late, ms; each is shown once. */
const LATE_MS = MINUTE_MS;

/** The parts needed to follow a question. */
interface Follower<Q> {
  readonly past: Past;
  readonly question: Q;
  readonly screen: Screen;
  readonly clock: Clock;
  /** Prints a note on stderr. */
  readonly say: (words: string) => void;
}

/** One table of all WANs, with a line for each completed step, until `stop`. */
export function followTable(
  follower: Follower<Asked>,
  stop: AbortSignal,
): Promise<void> {
  const { past, question, screen, clock } = follower;
  const { wans } = question;
  const metrics = question.metrics ?? TABLE_METRICS;
  let { fromMs } = question.range;
  let resolution = question.resolution ?? { points: TABLE_POINTS };
  let table: Table | null = null;

  return repeat(follower, stop, async () => {
    const settledMs = clock.wall() - SETTLED_MS;
    const query = { fromMs, toMs: endOf(settledMs), wans, metrics, resolution };
    if (query.toMs <= fromMs) return;
    for await (const answer of rangePages(past, query, stop)) {
      const { stepMs } = answer.metadata;
      resolution = stepMs === null ? "cycle" : { stepMs };
      if (table === null) {
        table = openTable({ ...screen, wans, metrics, stepMs });
        await screen.print(table.head());
      }
      const endMs = endOf(query.toMs);
      const over = momentsOf(rowsOf(answer)).filter(({ at }) => at < endMs);
      await screen.print(table.lines(over));
      fromMs = Math.max(fromMs, endMs);
    }
  });

  /** The end of the last completed step; `atMs` itself while the step is unknown. */
  function endOf(atMs: number): number {
    if (typeof resolution === "string" || !("stepMs" in resolution))
      return atMs;
    return Math.floor(atMs / resolution.stepMs) * resolution.stepMs;
  }
}

/** Events as they arrive, until `stop`. */
export function followEvents(
  follower: Follower<HistoryQuestion>,
  stop: AbortSignal,
): Promise<void> {
  const { past, question, screen, clock } = follower;
  const { wans } = question;
  const list = openEventList(screen);
  const shown = new Map<string, number>();
  let { fromMs } = question.range;
  const keyOf = ({ wan, boot, seq }: HistoryEvent) => `${wan} ${boot} ${seq}`;

  return repeat(follower, stop, async () => {
    const span = { fromMs, toMs: clock.wall() + LATE_MS, wans };
    const { events } = await newestEvents(past, span, EVENTS_MAX, stop);
    const news = events.filter((event) => !shown.has(keyOf(event)));
    await screen.print(list.lines(news));
    for (const event of news) shown.set(keyOf(event), event.at);
    fromMs = Math.max(fromMs, clock.wall() - LATE_MS);
    for (const [key, at] of shown) if (at < fromMs) shown.delete(key);
  });
}

/** Once a second until `stop`; waits if the recorder goes away. */
async function repeat(
  { clock, say }: Pick<Follower<HistoryQuestion>, "clock" | "say">,
  stop: AbortSignal,
  look: () => Promise<void>,
): Promise<void> {
  let isAway: boolean | null = null;
  while (!stop.aborted) {
    try {
      await look();
      if (isAway) say("the recorder is back");
      isAway = false;
    } catch (error) {
      if (isAway === null || !(error instanceof NotRunning)) throw error;
      if (!isAway) say(`${error.message}: waiting`);
      isAway = true;
    }
    await clock.sleepUntil(later(clock.mono(), ASK_MS), stop);
  }
}
