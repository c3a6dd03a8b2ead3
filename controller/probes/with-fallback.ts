import { SECOND_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Reply } from "../law/inputs.js";
import {
  type Answers,
  answersOf,
  type FallbackProbe,
  type Pinger,
  type ProbeConfig,
} from "./pinger.js";

/** Whether too few pings are answered to control the rates, and the counts behind it. */
interface Sparseness {
  readonly isSparse: boolean;
  readonly heardAt: MonoMs;
  /** The current second: its start, its answers so far, and whether one came after a gap. */
  readonly from: MonoMs;
  readonly answers: number;
  readonly hasGap: boolean;
  /** Ends of the seconds with too few answers, oldest first. A second without any is a silence and does not count. */
  readonly poorAt: readonly MonoMs[];
}

/** Gap between answers that the law takes for a silence: in ms, or in ping intervals if those are longer. */
const GAP_MS = 400;
const GAP_PINGS = 4;

/** Answers a second needed to tell a queue from late replies; or half of the pings sent, if that is less. */
const ANSWERS_MIN = 8;
const ANSWERED_RATIO = 0.5;

/** Poor seconds within the last 15 s at which `sparse` begins, and at or below which it ends. */
const WINDOW_MS = 15_000;
const POOR_BEGINS = 4;
const POOR_ENDS = 1;

export const notSparse = (now: MonoMs): Sparseness => ({
  ...{ isSparse: false, heardAt: now, from: now },
  ...{ answers: 0, hasGap: false, poorAt: [] },
});

/**
 * The state after a cycle. Unchanged while pings rest between rounds.
 * @param answers answers to pings in the cycle
 * @param spacingMs time between pings
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

/** Whether the fallback is in use, and the times behind it. */
export interface Fallback {
  readonly isTried: boolean;
  /** Only the fallback is answered: its replies are the measurement until pings are answered again for long enough. */
  readonly isNeeded: boolean;
  /** When a ping was last answered; initially the start. */
  readonly pingedAt: MonoMs;
  /** Since when pings are answered without a pause. */
  readonly pingingFrom: MonoMs;
  /** Since when only the fallback is answered; null if it is not so. */
  readonly aloneFrom: MonoMs | null;
}

/** Which probes were answered in a cycle. */
interface Heard {
  readonly pings: boolean;
  readonly others: boolean;
}

/** ms without an answered ping after which the fallback is tried. */
const SILENT_MS = 1_000;

/** ms. If only the fallback is answered for this long, pings are filtered: it is not a line that just came back. */
const ALONE_MS = 1_000;

/** ms of answered pings after which the fallback ends. */
const ENOUGH_MS = 5_000;

export const noFallback = (now: MonoMs): Fallback => ({
  ...{ isTried: false, isNeeded: false, aloneFrom: null },
  ...{ pingedAt: now, pingingFrom: now },
});

/** The state after a cycle. @param restMs longest rest between pings */
export function nextFallback(
  before: Fallback,
  heard: Heard,
  restMs: number,
  now: MonoMs,
): Fallback {
  const isSilent = msSince(before.pingedAt, now) > SILENT_MS + restMs;
  if (heard.pings) {
    const pingingFrom = isSilent ? now : before.pingingFrom;
    const isTried = before.isTried && msSince(pingingFrom, now) < ENOUGH_MS;
    return {
      ...{ isTried, isNeeded: isTried && before.isNeeded },
      ...{ pingedAt: now, pingingFrom, aloneFrom: null },
    };
  }
  if (!isSilent) return before;
  const aloneFrom = before.aloneFrom ?? (heard.others ? now : null);
  const isAlone = aloneFrom !== null && msSince(aloneFrom, now) >= ALONE_MS;
  return {
    ...before,
    isTried: true,
    isNeeded: before.isNeeded || (isAlone && heard.others),
    aloneFrom,
  };
}

/** Whether pings are known to be unanswered now, so that fewer suffice. */
export const isVain = ({ isNeeded, aloneFrom }: Fallback): boolean =>
  isNeeded && aloneFrom !== null;

/** Time between rounds of pings while they are unanswered, ms. */
const VAIN_ROUND_MS = 5_000;

/** A handshake that is faster than half the reflector's shortest ping, by over 1 ms, was answered by a nearer proxy. */
const NEARER_RATIO = 0.5;
const NEARER_MS = 1;

/** A pinger with a fallback for when no pings are answered, or too few. */
export interface PingerWithFallback extends Pinger {
  readonly isFallback: boolean;
  /** Whether too few pings are answered to control the rates. */
  readonly isSparse: boolean;
}

export function withoutFallback(
  pinger: Pinger,
  { spacingMs }: Pick<ProbeConfig, "spacingMs">,
  clock: Clock,
): PingerWithFallback {
  let sparse = notSparse(clock.mono());
  let isResting = false;
  return {
    ...pinger,
    isFallback: false,
    get isSparse() {
      return sparse.isSparse;
    },
    take(now) {
      const answers = pinger.take(now);
      sparse = nextSparse(
        sparse,
        answers.replies.length,
        isResting,
        spacingMs,
        now,
      );
      return answers;
    },
    rest(roundMs) {
      isResting = roundMs !== null;
      pinger.rest(roundMs);
    },
    forget(now) {
      pinger.forget(now);
      sparse = { ...notSparse(now), isSparse: sparse.isSparse };
    },
  };
}

export function withFallback(
  pinger: Pinger,
  name: string,
  other: FallbackProbe,
  probe: ProbeConfig,
  clock: Clock,
): PingerWithFallback {
  const leastMs = probe.reflectors.map((): number | null => null);
  let state = noFallback(clock.mono());
  let sparse = notSparse(clock.mono());
  let restMs: number | null = null;

  function learn({ reflector, rttMs }: Reply): void {
    leastMs[reflector] = Math.min(leastMs[reflector] ?? rttMs, rttMs);
  }

  const isItself = ({ reflector, rttMs }: Reply): boolean =>
    rttMs + NEARER_MS >=
    NEARER_RATIO * (leastMs[reflector - leastMs.length] ?? 0);

  function take(now: MonoMs): Answers {
    const pings = pinger.take(now);
    pings.replies.forEach(learn);
    const others = other.take(now);
    const own = others.replies.filter(isItself);
    const heard = { pings: pings.replies.length > 0, others: own.length > 0 };
    state = nextFallback(state, heard, restMs ?? 0, now);
    const { length: answered } = pings.replies;
    sparse = nextSparse(
      sparse,
      answered,
      restMs !== null,
      probe.spacingMs,
      now,
    );
    other.run(state.isTried || sparse.isSparse);
    pinger.rest(isVain(state) ? VAIN_ROUND_MS : restMs);
    if (!state.isNeeded && !sparse.isSparse) return pings;
    // losses of pings do not count while few or none are answered
    const { kind, lost } = others;
    const all = answersOf([...pings.replies, ...own], lost);
    return all.kind === "none_yet" && kind === "asleep"
      ? { ...all, kind }
      : all;
  }

  return {
    get isFallback() {
      return state.isNeeded;
    },
    get isSparse() {
      return sparse.isSparse;
    },
    take,
    rest(roundMs) {
      restMs = roundMs;
      other.rest(roundMs);
    },
    forget(now) {
      pinger.forget(now);
      other.forget();
      state = { ...state, pingedAt: now };
      sparse = { ...notSparse(now), isSparse: sparse.isSparse };
    },
    fault: () => pinger.fault(),
    view: () => ({
      ...pinger.view(),
      fallback: state.isNeeded || sparse.isSparse ? name : null,
    }),
    async [Symbol.asyncDispose]() {
      await other[Symbol.asyncDispose]();
      await pinger[Symbol.asyncDispose]();
    },
  };
}
