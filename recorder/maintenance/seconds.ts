import { type Clock, later, since } from "../../shared/runtime/clock.js";

const SECOND_MS = 1_000;

/** Does `work` once a second until `stop`. The phase is kept: a late turn is followed by the next due, not by all missed. */
export async function everySecond(
  clock: Clock,
  stop: AbortSignal,
  work: () => void,
): Promise<void> {
  let due = later(clock.mono(), SECOND_MS);
  for (;;) {
    await clock.sleepUntil(due, stop);
    if (stop.aborted) return;
    const missed = Math.floor(since(due, clock.mono()) / SECOND_MS);
    due = later(due, (1 + missed) * SECOND_MS);
    work();
  }
}
