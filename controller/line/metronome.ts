import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";

/** One tick. */
export interface Cycle {
  /** The instant the cycle begins. */
  readonly at: MonoMs;
  /** Delay after the grid point, ms; less than one period. */
  readonly lateMs: number;
  /** Grid points skipped since the last tick. */
  readonly missed: number;
}

/**
 * A tick every `periodMs` on a fixed grid: after a delay, missed ticks are dropped and not caught up (CTRL-01). Ends
 * when `stop` is aborted.
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
