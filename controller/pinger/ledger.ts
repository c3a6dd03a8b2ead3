import { later, type MonoMs, since } from "../../shared/runtime/clock.js";
import type { Reply } from "../law/reading.js";
import { type Answers, answersOf } from "./pinger.js";

/** A reply as the pinger saw it: `seq` counts the probes to this reflector from 0. */
export interface Echo extends Reply {
  readonly seq: number;
}

/** One reflector's account: which probes must have left by now, and which of them were answered. */
interface Account {
  /** When probe 0 left, as the newest echo dates it. */
  zeroAt: MonoMs;
  /** All probes before this one are settled: answered or lost. */
  settled: number;
  readonly answered: Set<number>;
}

export interface Ledger {
  /** Enters an echo. One that is counted as lost already is a reply all the same: a long queue is no silence. */
  enter(echo: Echo): void;
  /** Closes the beat: the echoes since the last one, and the probes that passed their deadline. */
  settle(now: MonoMs): Answers;
  /** Whatever is under way or came meanwhile does not count. */
  forget(now: MonoMs): void;
}

/** More echoes than this between two beats are of no use to anybody. */
const ECHOES_MAX = 256;

/**
 * Tells replies, losses and waiting apart. The pinger prints nothing where there is no route, so a loss is known by the
 * clock alone: probe n of a reflector leaves at `zeroAt + n * periodMs` and is lost `lossMs` later.
 */
export function openLedger(
  startedAt: MonoMs,
  probe: {
    readonly reflectors: number;
    readonly spacingMs: number;
    readonly periodMs: number;
    readonly lossMs: number;
  },
): Ledger {
  const accounts: Account[] = Array.from(
    { length: probe.reflectors },
    (_, i) => ({
      zeroAt: later(startedAt, i * probe.spacingMs),
      settled: 0,
      answered: new Set(),
    }),
  );
  let echoes: Echo[] = [];

  /** Probes of this account that passed their deadline, counted once. */
  function overdue(account: Account, now: MonoMs): number {
    const due = Math.floor(
      (since(account.zeroAt, now) - probe.lossMs) / probe.periodMs,
    );
    // Whatever stood still for long, so many probes cannot have been sent; the rest is settled in one go.
    const from = Math.max(account.settled, due - ECHOES_MAX);
    let lost = 0;
    for (let seq = from; seq <= due; seq++)
      if (!account.answered.has(seq)) lost++;
    account.settled = Math.max(account.settled, due + 1);
    for (const seq of account.answered)
      if (seq < account.settled) account.answered.delete(seq);
    return lost;
  }

  return {
    enter(echo) {
      const account = accounts[echo.reflector];
      if (account === undefined || echoes.length >= ECHOES_MAX) return;
      account.zeroAt = later(echo.sentAt, -echo.seq * probe.periodMs);
      if (echo.seq >= account.settled) account.answered.add(echo.seq);
      echoes.push(echo);
    },
    settle(now) {
      const replies = echoes;
      echoes = [];
      const lost = accounts.reduce(
        (sum, account) => sum + overdue(account, now),
        0,
      );
      return answersOf(replies, lost);
    },
    forget(now) {
      echoes = [];
      for (const account of accounts) {
        account.answered.clear();
        account.settled =
          1 + Math.ceil(since(account.zeroAt, now) / probe.periodMs);
      }
    },
  };
}
