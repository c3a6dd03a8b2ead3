import { type MonoMs, since } from "../../shared/runtime/clock.js";

/** When probes are due: at every beat, or in rounds of one for each reflector with a rest after them. */
export interface Pace {
  /** How far apart rounds begin, ms; null: no rests. */
  readonly roundMs: number | null;
  readonly roundAt: MonoMs;
  /** How many probes of the round are still to be sent. */
  readonly left: number;
}

export const noRest = (now: MonoMs): Pace => ({
  roundMs: null,
  roundAt: now,
  left: 0,
});

/** Whether a probe is due now, and the pace from then on. */
export function due(
  before: Pace,
  reflectors: number,
  now: MonoMs,
): { isDue: boolean; after: Pace } {
  if (before.roundMs === null) return { isDue: true, after: before };
  const isOver = since(before.roundAt, now) >= before.roundMs;
  const round = isOver ? { ...before, roundAt: now, left: reflectors } : before;
  const isDue = round.left > 0;
  return { isDue, after: isDue ? { ...round, left: round.left - 1 } : round };
}

/** Whether it is a rest: nothing is due. */
export const isResting = ({ roundMs, left }: Pace): boolean =>
  roundMs !== null && left === 0;
