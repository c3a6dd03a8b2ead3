import { MINUTE_MS, toKbps } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";
import type { DesiredWrite } from "./pace.js";

export const ON_FOREIGN = ["correct", "respect"] as const;
/** What to do about a rate set by another program. */
export type OnForeign = (typeof ON_FOREIGN)[number];

/** Two foreign rates within this time, ms, come from another controller, not a person: writing pauses. */
const TWICE_MS = MINUTE_MS;
/** Length of that pause, ms. */
const ASIDE_MS = 600_000;
/** Time between read-backs after a foreign rate, ms. */
const WATCHFUL_MS = 5_000;

/** Writes to our queues by other programs. */
interface ForeignWrites {
  readonly foreignAt: MonoMs | null;
  /** Nothing is written before this instant. */
  readonly asideUntil: MonoMs | null;
}

export const NO_FOREIGN_WRITES: ForeignWrites = {
  foreignAt: null,
  asideUntil: null,
};

/** A read-back found a rate that is not ours. */
export function foreignSeen(
  { foreignAt }: ForeignWrites,
  policy: OnForeign,
  now: MonoMs,
): ForeignWrites {
  if (policy === "respect")
    return { foreignAt: now, asideUntil: Infinity as MonoMs };
  const isAgain = foreignAt !== null && msSince(foreignAt, now) <= TWICE_MS;
  return { foreignAt: now, asideUntil: isAgain ? later(now, ASIDE_MS) : null };
}

/** The rates are ours again, or the pause is over. */
export const withWritingResumed = ({
  foreignAt,
}: ForeignWrites): ForeignWrites => ({
  foreignAt,
  asideUntil: null,
});

/** Whether writing is paused. */
export const isAside = ({ asideUntil }: ForeignWrites, now: MonoMs): boolean =>
  asideUntil !== null && now < asideUntil;

/** Time to the next read-back, ms; `lookMs` without recent foreign writes. */
export const lookAgainMs = (
  { foreignAt }: ForeignWrites,
  lookMs: number,
  now: MonoMs,
): number =>
  foreignAt !== null && msSince(foreignAt, now) <= TWICE_MS
    ? Math.min(WATCHFUL_MS, lookMs)
    : lookMs;

/** Desired and actual rate of one direction. Rates in bit/s, rounded to kbit/s. */
export interface DirectionState {
  readonly desiredBps: number | null;
  readonly desiredAt: MonoMs;
  readonly wasSent: boolean;
  /** As last read back, and when. */
  readonly actualBps: number | null;
  readonly seenAt: MonoMs;
  /** What we last set, as read back; null while it is unknown who set the rate. */
  readonly oursBps: number | null;
}

export const freshDirection = (now: MonoMs): DirectionState => ({
  desiredBps: null,
  desiredAt: now,
  wasSent: true,
  actualBps: null,
  seenAt: now,
  oursBps: null,
});

/** With a new desired rate; null if it is unchanged. */
export function withDesired(
  state: DirectionState,
  bps: number,
  now: MonoMs,
): DirectionState | null {
  const desiredBps = toKbps(bps) * 1e3;
  return state.desiredBps === desiredBps
    ? null
    : { ...state, desiredBps, desiredAt: now, wasSent: false };
}

/** A read-back. A rate equal to the desired one counts as ours. */
export const withActual = (
  state: DirectionState,
  bps: number,
  now: MonoMs,
): DirectionState => ({
  ...state,
  actualBps: bps,
  seenAt: now,
  oursBps:
    state.oursBps === null &&
    state.desiredBps !== null &&
    isSame(bps, state.desiredBps)
      ? bps
      : state.oursBps,
});

/** Our own write, read back. */
export const withConfirmed = (
  state: DirectionState,
  bps: number,
  now: MonoMs,
): DirectionState => ({
  ...state,
  actualBps: bps,
  seenAt: now,
  oursBps: bps,
});

/** Whether the actual rate was set by another program. */
export const isForeign = ({ oursBps, actualBps }: DirectionState): boolean =>
  oursBps !== null && actualBps !== null && !isSame(actualBps, oursBps);

/** Desired and actual rate, for the decision to write; null before the first request and the first read-back. */
export const changeNeeded = (state: DirectionState): DesiredWrite | null =>
  state.desiredBps === null || state.actualBps === null
    ? null
    : {
        desiredBps: state.desiredBps,
        desiredAt: state.desiredAt,
        actualBps: isSame(state.actualBps, state.desiredBps)
          ? state.desiredBps
          : state.actualBps,
        isOurs: state.oursBps !== null,
      };

/** From this rate on tc rounds HTB rates in its output, by up to this ratio. */
const ROUNDED_FROM_BPS = 1e9;
const ROUNDING = 0.002;

/** Whether a rate read back is the desired one, to the kbit/s. */
export const isSame = (actualBps: number, desiredBps: number): boolean =>
  toKbps(actualBps) === toKbps(desiredBps) ||
  (desiredBps >= ROUNDED_FROM_BPS &&
    Math.abs(actualBps - desiredBps) <= ROUNDING * desiredBps);
