import { since, type MonoMs } from "../../shared/clock.js";

/** Raises smaller than this part of the rate, or sooner after the last write than this, wait. Cuts never do. */
const RAISE_MIN_RATIO = 0.004;
const RAISE_EVERY_MS = 100;

/** The last rate written in one direction, and when. */
export interface Written {
  readonly bps: number;
  readonly at: MonoMs;
}

/** Is this wish due now? One comes at once where nothing was written yet. */
export function isDue(
  written: Written | null,
  wishBps: number,
  now: MonoMs,
): boolean {
  if (written === null || wishBps < written.bps) return true;
  return (
    wishBps - written.bps >= RAISE_MIN_RATIO * written.bps &&
    since(written.at, now) >= RAISE_EVERY_MS
  );
}
