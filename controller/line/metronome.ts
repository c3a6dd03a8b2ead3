import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";

/** One cycle that is being served. */
export interface Cycle {
  /** The instant the cycle begins. */
  readonly at: MonoMs;
  /** How long after its grid point that is, less than one period. */
  readonly lateMs: number;
  /** Grid points that passed unserved since the tick before. */
  readonly missed: number;
}

/**
 * A cycle each `periodMs`, aimed at a fixed grid: a late cycle drops those it slept through and never catches up
 * (CTRL-01). Ends when `stop` is aborted.
 *
 *     cycle:  50  100  [150]  200  250      one 120 ms cycle at 100
 *     served: *    *           *    *       150 is dropped, the phase is kept
 */
export async function* metronome(
  periodMs: number,
  clock: Clock,
  stop: AbortSignal,
): AsyncGenerator<Cycle> {
  let due = later(clock.mono(), periodMs);
  for (;;) {
    await clock.sleepUntil(due, stop);
    if (stop.aborted) return;
    const at = clock.mono();
    const missed = Math.floor(msSince(due, at) / periodMs);
    due = later(due, missed * periodMs);
    yield { at, lateMs: msSince(due, at), missed };
    due = later(due, periodMs);
  }
}
