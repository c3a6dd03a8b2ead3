import { later, type MonoMs, since } from "../../shared/runtime/clock.js";

export const ON_FOREIGN = ["correct", "respect"] as const;
/** What is done about a rate that somebody else set. */
export type OnForeign = (typeof ON_FOREIGN)[number];

/** Two foreign rates within so long are no slip of a hand: another controller is at work. */
const TWICE_MS = 60_000;
/** Then nothing is written for so long. */
const ASIDE_MS = 600_000;
/** After a foreign rate it is looked for the next one so often. */
const WATCHFUL_MS = 5_000;

/** How we stand with whoever else writes to our queues. */
export interface Peace {
  readonly foreignAt: MonoMs | null;
  /** Nothing is written before this instant. */
  readonly asideUntil: MonoMs | null;
}

export const PEACE: Peace = { foreignAt: null, asideUntil: null };

/** A read-back found a rate that is not ours. */
export function foreignSeen(
  { foreignAt }: Peace,
  policy: OnForeign,
  now: MonoMs,
): Peace {
  if (policy === "respect")
    return { foreignAt: now, asideUntil: Infinity as MonoMs };
  const isAgain = foreignAt !== null && since(foreignAt, now) <= TWICE_MS;
  return { foreignAt: now, asideUntil: isAgain ? later(now, ASIDE_MS) : null };
}

/** Ours again, or the time is over. */
export const resumed = ({ foreignAt }: Peace): Peace => ({
  foreignAt,
  asideUntil: null,
});

/** Is nothing to be written now? */
export const isAside = ({ asideUntil }: Peace, now: MonoMs): boolean =>
  asideUntil !== null && now < asideUntil;

/** How soon to look again, given how soon one looks in peace. */
export const lookAgainMs = (
  { foreignAt }: Peace,
  lookMs: number,
  now: MonoMs,
): number =>
  foreignAt !== null && since(foreignAt, now) <= TWICE_MS
    ? Math.min(WATCHFUL_MS, lookMs)
    : lookMs;
