import type { Point } from "./rollup.js";

/** What a chart needs of the values of one interval, in the unit of the values. */
export interface Step {
  readonly startMs: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Sums up points in order by steps aligned to 1970. Gives what is complete after each batch of points, which may be nothing:
 * whoever reads pauses there as he likes. Intervals without a value are missing.
 */
export function* stepsOf(
  batches: Iterable<readonly Point[]>,
  stepMs: number,
): Generator<readonly Step[]> {
  let open: Step | null = null;
  for (const points of batches) {
    const complete: Step[] = [];
    for (const [atMs, value] of points) {
      if (open !== null && atMs < open.startMs + stepMs) {
        const { startMs, count, sum, min, max }: Step = open;
        open = {
          startMs,
          count: count + 1,
          sum: sum + value,
          min: Math.min(min, value),
          max: Math.max(max, value),
        };
        continue;
      }
      if (open !== null) complete.push(open);
      const startMs = Math.floor(atMs / stepMs) * stepMs;
      open = { startMs, count: 1, sum: value, min: value, max: value };
    }
    yield complete;
  }
  if (open !== null) yield [open];
}
