/** Lines of one chart on one time axis, as the chart library wants them. */

import type { Pace } from "./pace.js";

/** Values of one line, each at its own time. */
export interface Line {
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** A value, null where the line ends, undefined where it goes on but another line has a value. */
export type Cell = number | null | undefined;

export interface Aligned {
  readonly at: number[];
  readonly lines: Cell[][];
}

/** A line is broken where its next value is behind a gap. */
export function align(
  lines: readonly Line[],
  { gapMs }: Pick<Pace, "gapMs">,
): Aligned {
  const broken = lines.map((line) => withEnds(line, gapMs));
  const at = [...new Set(broken.flatMap((line) => line.at))].sort(
    (a, b) => a - b,
  );
  return { at, lines: broken.map((line) => spread(line, at)) };
}

/** The line with a null behind each value after which nothing comes for a while. */
function withEnds({ at, values }: Line, gapMs: Pace["gapMs"]) {
  const ended = { at: [] as number[], values: [] as (number | null)[] };
  const put = (time: number, value: number | null) => {
    ended.at.push(time);
    ended.values.push(value);
  };
  at.forEach((time, i) => {
    put(time, values[i] ?? null);
    const next = at[i + 1];
    if (next !== undefined && next - time > gapMs(time)) put(time + 1, null);
  });
  return ended;
}

function spread(
  line: { at: readonly number[]; values: readonly (number | null)[] },
  at: readonly number[],
): Cell[] {
  let i = 0;
  return at.map((time) => {
    // of two of one instant the first counts, and what is out of order is left out: one beat of a busy host is late
    while ((line.at[i] ?? Infinity) < time) i++;
    return line.at[i] === time ? (line.values[i++] ?? null) : undefined;
  });
}

/** The recorder commits once a second: what is younger than that is on its way. */
const LAG_MS = 3_000;

/** From and to. */
export type Stretch = readonly [fromMs: number, toMs: number];

/** The stretches between bounds where there is nothing. Each time stands for a step, or for as long as a line goes on. */
export function blanks(
  at: readonly number[],
  { ownMs, gapMs }: Pace,
  fromMs: number,
  toMs: number,
): Stretch[] {
  const found: Stretch[] = [];
  let until = fromMs;
  for (const time of at) {
    if (time - until > gapMs(time) - ownMs(time)) found.push([until, time]);
    until = Math.max(until, time + ownMs(time));
  }
  if (toMs - until > Math.max(gapMs(toMs), LAG_MS)) found.push([until, toMs]);
  return found;
}
