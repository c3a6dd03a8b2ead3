import { type MonoMs, since } from "../../shared/runtime/clock.js";

/** Whether something else than pings is tried, and what speaks for it. */
export interface Fallback {
  readonly isTried: boolean;
  /** Pings get no answer and the other does: that is what measures, until pings are enough again. */
  readonly isNeeded: boolean;
  /** When a ping was last answered; before the first: when pinging began. */
  readonly pingedAt: MonoMs;
  /** Since when they are answered without a pause. */
  readonly pingingFrom: MonoMs;
  /** Since when the other is answered and they are not; null while it is otherwise. */
  readonly aloneFrom: MonoMs | null;
}

/** Who answered in a beat. */
export interface Heard {
  readonly pings: boolean;
  readonly others: boolean;
}

/** Nobody answers a ping for so long: try something else. */
const SILENT_MS = 1_000;

/** The other alone is answered for so long: it is not the line that was away and comes back. */
const ALONE_MS = 1_000;

/** Pings are answered again for so long: they are enough. */
const ENOUGH_MS = 5_000;

export const noFallback = (now: MonoMs): Fallback => ({
  ...{ isTried: false, isNeeded: false, aloneFrom: null },
  ...{ pingedAt: now, pingingFrom: now },
});

/** After a beat; `restMs` is how long pings may rest at most. */
export function follow(
  before: Fallback,
  heard: Heard,
  restMs: number,
  now: MonoMs,
): Fallback {
  const isSilent = since(before.pingedAt, now) > SILENT_MS + restMs;
  if (heard.pings) {
    const pingingFrom = isSilent ? now : before.pingingFrom;
    const isTried = before.isTried && since(pingingFrom, now) < ENOUGH_MS;
    return {
      ...{ isTried, isNeeded: isTried && before.isNeeded },
      ...{ pingedAt: now, pingingFrom, aloneFrom: null },
    };
  }
  if (!isSilent) return before;
  const aloneFrom = before.aloneFrom ?? (heard.others ? now : null);
  const isAlone = aloneFrom !== null && since(aloneFrom, now) >= ALONE_MS;
  return {
    ...before,
    isTried: true,
    isNeeded: before.isNeeded || (isAlone && heard.others),
    aloneFrom,
  };
}

/** Whether pings are known to get no answer now, so that they need not be sent as often as else. */
export const isVain = ({ isNeeded, aloneFrom }: Fallback): boolean =>
  isNeeded && aloneFrom !== null;
