import { type Clock, later, since } from "../../shared/runtime/clock.js";

/** Nothing to do: looked at again after this. */
const IDLE_MS = 1_000;

/** Others get at least this much between two slices. */
const PAUSE_MS = 20;

/**
 * Does `work` slice by slice until `stop`, with pauses as long as the slices: the event loop is never busy with it for
 * longer than one slice, and never for more than half of the time.
 * @param work one slice; says whether there is more to do at once
 */
export async function inSlices(
  clock: Clock,
  stop: AbortSignal,
  work: () => boolean,
): Promise<void> {
  while (!stop.aborted) {
    const begun = clock.mono();
    const more = work();
    const now = clock.mono();
    const pauseMs = more ? Math.max(PAUSE_MS, since(begun, now)) : IDLE_MS;
    await clock.sleepUntil(later(now, pauseMs), stop);
  }
}
