import { clamp } from "../../shared/contract/units.js";
import type { Manner } from "./presets.js";
import { TUNING } from "./tuning.js";

/** A rate, and what the line was seen to carry: at the last cut, and before its last great change. */
interface Memory {
  readonly bps: number;
  readonly carriedBps: number | null;
  readonly recalledBps: number | null;
}

/**
 * Growth as a part of the rate, per second: slow where capacity was met before, fast elsewhere; beyond it less fast the
 * longer the queue that it takes to tell.
 * @param promptness how soon a queue can be told, as a part of how soon where packets take no time
 */
export function growthPerS(
  { bps, carriedBps, recalledBps }: Memory,
  isSettling: boolean,
  { fastPerS, slowPerS }: Manner,
  promptness: number,
): number {
  const beyondPerS = Math.max(slowPerS, promptness ** 2 * fastPerS);
  const z = carriedBps === null ? 0 : bps / carriedBps;
  if (isSettling && z >= 0.96) return 0;
  // so far above it without a queue it was no capacity
  const refuted = (ratio: number) =>
    between(ratio, 1.25, beyondPerS, 1.6, fastPerS);
  const byLast =
    z < 0.97
      ? fastPerS
      : z < 1.005
        ? slowPerS
        : z < 1.06
          ? between(z, 1.005, slowPerS, 1.06, beyondPerS)
          : refuted(z);
  const y = recalledBps === null ? 0 : bps / recalledBps;
  const byRecalled =
    y < 0.95
      ? Infinity
      : y < 1.06
        ? between(y, 1, 4 * slowPerS, 1.06, beyondPerS)
        : refuted(y);
  return Math.min(byLast, byRecalled);
}

/** A straight line from (x0, y0) to (x1, y1), level outside. */
const between = (
  x: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): number => y0 + (y1 - y0) * clamp((x - x0) / (x1 - x0), 0, 1);

/** How much of the growth is left as the delta nears the trim: all up to `queueMs` of queue, none at the trim. */
export function taper(
  worstMs: number,
  trimMs: number,
  slackMs: number,
): number {
  const full = Math.min(TUNING.queueMs + slackMs, trimMs / 2);
  return clamp((trimMs - worstMs) / (trimMs - full), 0, 1);
}
