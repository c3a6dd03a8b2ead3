import { MINUTE_MS, toKbps } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { DesiredWrite } from "./pace.js";

export const ON_FOREIGN = ["correct", "respect"] as const;
/** What is done about a rate that somebody else set. */
export type OnForeign = (typeof ON_FOREIGN)[number];

/** Two foreign rates within so long are no slip of a hand: another controller is at work. */
const TWICE_MS = MINUTE_MS;
/** Then nothing is written for so long. */
const ASIDE_MS = 600_000;
/** After a foreign rate it is looked for the next one so often. */
const WATCHFUL_MS = 5_000;

/** How we stand with whoever else writes to our queues. */
interface Peace {
  readonly foreignAt: MonoMs | null;
  /** Nothing is written before this instant. */
  readonly asideUntil: MonoMs | null;
}

export const NO_FOREIGN_WRITES: Peace = { foreignAt: null, asideUntil: null };

/** A read-back found a rate that is not ours. */
export function foreignSeen(
  { foreignAt }: Peace,
  policy: OnForeign,
  now: MonoMs,
): Peace {
  if (policy === "respect")
    return { foreignAt: now, asideUntil: Infinity as MonoMs };
  const isAgain = foreignAt !== null && msSince(foreignAt, now) <= TWICE_MS;
  return { foreignAt: now, asideUntil: isAgain ? later(now, ASIDE_MS) : null };
}

/** Ours again, or the time is over. */
export const withWritingResumed = ({ foreignAt }: Peace): Peace => ({
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
  foreignAt !== null && msSince(foreignAt, now) <= TWICE_MS
    ? Math.min(WATCHFUL_MS, lookMs)
    : lookMs;

/** What is wanted and what is known of one direction. Rates in bit/s, whole kbit/s. */
export interface DirectionState {
  readonly wishBps: number | null;
  readonly wishedAt: MonoMs;
  readonly wasSent: boolean;
  /** As last read back, and when. */
  readonly enforcedBps: number | null;
  readonly seenAt: MonoMs;
  /** What we last set, as read back; null while nobody can say whose the rate is. */
  readonly oursBps: number | null;
}

export const freshDirection = (now: MonoMs): DirectionState => ({
  wishBps: null,
  wishedAt: now,
  wasSent: true,
  enforcedBps: null,
  seenAt: now,
  oursBps: null,
});

/** The same lane when the wish is none that it has; null when it is. */
export function withDesired(
  lane: DirectionState,
  bps: number,
  now: MonoMs,
): DirectionState | null {
  const wishBps = toKbps(bps) * 1e3;
  return lane.wishBps === wishBps
    ? null
    : { ...lane, wishBps, wishedAt: now, wasSent: false };
}

/** A read-back. What is as wished is ours, whoever set it. */
export const withActual = (
  lane: DirectionState,
  bps: number,
  now: MonoMs,
): DirectionState => ({
  ...lane,
  enforcedBps: bps,
  seenAt: now,
  oursBps:
    lane.oursBps === null && lane.wishBps !== null && isSame(bps, lane.wishBps)
      ? bps
      : lane.oursBps,
});

/** Our own write, read back. */
export const withConfirmed = (
  lane: DirectionState,
  bps: number,
  now: MonoMs,
): DirectionState => ({
  ...lane,
  enforcedBps: bps,
  seenAt: now,
  oursBps: bps,
});

/** Is the rate in force one that somebody else set? */
export const isForeign = ({ oursBps, enforcedBps }: DirectionState): boolean =>
  oursBps !== null && enforcedBps !== null && !isSame(enforcedBps, oursBps);

/** What there may be to write; null before the first wish and the first read-back. */
export const changeNeeded = (lane: DirectionState): DesiredWrite | null =>
  lane.wishBps === null || lane.enforcedBps === null
    ? null
    : {
        wishBps: lane.wishBps,
        wishedAt: lane.wishedAt,
        enforcedBps: isSame(lane.enforcedBps, lane.wishBps)
          ? lane.wishBps
          : lane.enforcedBps,
        isOurs: lane.oursBps !== null,
      };

/** tc rounds rates of HTB from 1 Gbit/s on when it prints them. */
const ROUNDED_FROM_BPS = 1e9;
const ROUNDING = 0.002;

/** Is this the rate that was asked for, read back? To the kbit/s. */
export const isSame = (foundBps: number, askedBps: number): boolean =>
  toKbps(foundBps) === toKbps(askedBps) ||
  (askedBps >= ROUNDED_FROM_BPS &&
    Math.abs(foundBps - askedBps) <= ROUNDING * askedBps);
