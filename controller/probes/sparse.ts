import { SECOND_MS } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";

/** Whether pings are answered too rarely to control by, and the seconds that speak for it. */
interface Sparseness {
  readonly isSparse: boolean;
  readonly heardAt: MonoMs;
  /** The second that is under way: when it began, its answers so far, and whether one came after a gap. */
  readonly from: MonoMs;
  readonly answers: number;
  readonly hasGap: boolean;
  /** When seconds with too few answers ended, oldest first. A second without any is a silence and does not count. */
  readonly poorAt: readonly MonoMs[];
}

/** The law takes a longer gap for a silence, and what was before it no longer counts. Where pings are rare gaps are longer. */
const GAP_MS = 400;
const GAP_PINGS = 4;

/** With fewer answers a second a queue cannot be told from late replies; where fewer are asked for, half of those. */
const ANSWERS_MIN = 8;
const ANSWERED_RATIO = 0.5;

/** Of the last so many ms, this many poor seconds begin it, and it ends with no more than that many. */
const WINDOW_MS = 15_000;
const POOR_BEGINS = 4;
const POOR_ENDS = 1;

export const notSparse = (now: MonoMs): Sparseness => ({
  ...{ isSparse: false, heardAt: now, from: now },
  ...{ answers: 0, hasGap: false, poorAt: [] },
});

/**
 * The state after a cycle with so many answers to pings. Between rounds, while pings rest, nothing can be told.
 * @param spacingMs how far apart pings leave
 */
export function nextSparse(
  before: Sparseness,
  answers: number,
  isResting: boolean,
  spacingMs: number,
  now: MonoMs,
): Sparseness {
  if (isResting) return { ...notSparse(now), isSparse: before.isSparse };
  const gapMs = Math.max(GAP_MS, GAP_PINGS * spacingMs);
  const isBack = answers > 0 && msSince(before.heardAt, now) > gapMs;
  const after = {
    ...before,
    heardAt: answers > 0 ? now : before.heardAt,
    answers: before.answers + answers,
    hasGap: before.hasGap || isBack,
  };
  if (msSince(before.from, now) < SECOND_MS) return after;
  const asked = SECOND_MS / spacingMs;
  const enough = Math.min(ANSWERS_MIN, ANSWERED_RATIO * asked);
  const isPoor = after.answers > 0 && (after.answers < enough || after.hasGap);
  const poorAt = [...before.poorAt, ...(isPoor ? [now] : [])].filter(
    (at) => at > later(now, -WINDOW_MS),
  );
  const isSparse =
    poorAt.length >= POOR_BEGINS ||
    (before.isSparse && poorAt.length > POOR_ENDS);
  return { ...after, isSparse, from: now, answers: 0, hasGap: false, poorAt };
}
