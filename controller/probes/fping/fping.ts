import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { openBackoff } from "../../../shared/runtime/backoff.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../../shared/runtime/clock.js";
import { reasonOf } from "../../../shared/runtime/failure.js";
import { openOutage, type Report } from "../../../shared/runtime/outage.js";
import type { Reply } from "../../law/inputs.js";
import {
  type Answers,
  answersOf,
  type Pinger,
  type ProbeConfig,
} from "../pinger.js";
import { ownName } from "../sockets.js";

/** A reply as the pinger saw it: `seq` counts the probes to this reflector from 0. */
export interface FpingReply extends Reply {
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

interface Sequence {
  /** Enters an echo. One that is counted as lost already is a reply all the same: a long queue is no silence. */
  enter(echo: FpingReply): void;
  /** Closes the cycle: the echoes since the last one, and the probes that passed their deadline. */
  settle(now: MonoMs): Answers;
  /** Whatever is under way or came meanwhile does not count. */
  forget(now: MonoMs): void;
}

/** More echoes than this between two cycles are dropped. */
const ECHOES_MAX = 256;

/**
 * Tells replies, losses and waiting apart. The pinger prints nothing where there is no route, so a loss is known by the
 * clock alone: probe n of a reflector leaves at `zeroAt + n * periodMs` and is lost `lossMs` later.
 */
export function openSequence(
  startedAt: MonoMs,
  probe: {
    readonly reflectors: number;
    readonly spacingMs: number;
    readonly periodMs: number;
    readonly lossMs: number;
  },
): Sequence {
  const accounts: Account[] = Array.from(
    { length: probe.reflectors },
    (_, i) => ({
      zeroAt: later(startedAt, i * probe.spacingMs),
      settled: 0,
      answered: new Set(),
    }),
  );
  let echoes: FpingReply[] = [];

  /** Probes of this account that passed their deadline, counted once. */
  function overdue(account: Account, now: MonoMs): number {
    const due = Math.floor(
      (msSince(account.zeroAt, now) - probe.lossMs) / probe.periodMs,
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
          1 + Math.ceil(msSince(account.zeroAt, now) / probe.periodMs);
      }
    },
  };
}

/** fping forgets a probe after 10 s; a queue of 5 s is still a measurement (fping(8), SEQMAP_TIMEOUT). */
const ANSWER_MAX_MS = 5_000;

/** No answer is later than that, or fping would not know what it answers. */
const FORGOTTEN_MS = 10_000;

/** A line that waited this long in the pipe tells of the past. */
const STALE_MS = 1_000;

/** It says of each probe that it was answered or timed out. An fping silent for longer hangs, or has no route. */
const MUTE_MS = ANSWER_MAX_MS + 3_000;

/** So much without a word that it should say, and it is no fping. */
const UNKNOWN_BYTES = 16_384;

const RESPAWN_MIN_MS = 250;
const RESPAWN_MAX_MS = 5_000;

/** One reply: `[1795231333.06965] 10.0.3.11 : [0], 64 bytes, 40.4 ms (40.4 avg, 0% loss)` */
const REPLY = /^\[(\d+\.\d+)\] (\S+) +: \[(\d+)\], \d+ bytes, ([\d.]+) ms/;

/** What it says of a probe without an answer: `[1795231333.06965] 10.0.3.11 : [3], timed out (NaN avg, 100% loss)` */
const NO_REPLY = /^\[\d+\.\d+\] \S+ +: \[\d+\], timed out|^ICMP /;

/**
 * A reply line of `fping -l -D`, or null.
 * @returns `stampMs`: wall clock, ms, when it was printed
 */
export function parseReply(
  line: string,
): { host: string; seq: number; rttMs: number; stampMs: number } | null {
  const [, stamp, host, seq, rtt] = REPLY.exec(line) ?? [];
  return host === undefined || !(Number(rtt) <= FORGOTTEN_MS)
    ? null
    : {
        host,
        seq: Number(seq),
        rttMs: Number(rtt),
        stampMs: Number(stamp) * 1e3,
      };
}

/**
 * The arguments of fping: a probe each `spacingMs`, to the reflectors in turn. `-t`, or every RTT above the period
 * would be called a timeout; `-i` spreads the reflectors, which otherwise leave in one burst.
 */
export function fpingArguments(probe: ProbeConfig): string[] {
  return [
    ...["-l", "-D", "-p", String(probe.spacingMs * probe.reflectors.length)],
    ...["-i", String(probe.spacingMs), "-t", String(ANSWER_MAX_MS)],
    ...(probe.source === null ? [] : ["-S", probe.source]),
    ...(probe.interface === null ? [] : ["-I", ownName(probe.interface)]),
    ...probe.reflectors,
  ];
}

/** A persistent fping, restarted with backoff whenever it ends. */
export function openFping(
  probe: ProbeConfig,
  clock: Clock,
  report: Report,
): Pinger {
  const reflectors = new Map(
    probe.reflectors.map((host, index) => [host, index]),
  );
  const books = {
    reflectors: probe.reflectors.length,
    spacingMs: probe.spacingMs,
    periodMs: probe.spacingMs * probe.reflectors.length,
    lossMs: probe.lossMs,
  };
  let sequence: Sequence = openSequence(clock.mono(), books);
  let child: ChildProcess;
  let respawn: NodeJS.Timeout | undefined;
  const backoff = openBackoff(RESPAWN_MIN_MS, RESPAWN_MAX_MS);
  const outage = openOutage("pinger_lost", clock, report);
  let isClosing = false;
  let outputAt = clock.mono();
  let unknownBytes = 0;
  let reason: string | null = null;

  /** Ends it; what becomes of that is seen when it has ended. */
  function dismiss(why: string): void {
    reason ??= why;
    child.kill("SIGKILL");
  }

  function onOutput(part: string): void {
    outputAt = clock.mono();
    unknownBytes += part.length;
    if (unknownBytes > UNKNOWN_BYTES)
      dismiss(`fping says what is no answer: ${part.trim().slice(0, 60)}`);
  }

  function read(line: string): void {
    if (REPLY.test(line) || NO_REPLY.test(line)) unknownBytes = 0;
    const reply = parseReply(line);
    const reflector = reply === null ? undefined : reflectors.get(reply.host);
    if (reply === null || reflector === undefined) return;
    const waitedMs = Math.max(0, clock.wall() - reply.stampMs);
    if (waitedMs > STALE_MS) return;
    const receivedAt: MonoMs = later(clock.mono(), -waitedMs);
    const sentAt = later(receivedAt, -reply.rttMs);
    sequence.enter({
      reflector,
      seq: reply.seq,
      rttMs: reply.rttMs,
      oneWayMs: null,
      sentAt,
      receivedAt,
    });
    backoff.reset();
    outage.end({ pid: child.pid ?? 0 });
  }

  function start(): void {
    const startedAt = clock.mono();
    sequence = openSequence(startedAt, books);
    child = spawn("fping", fpingArguments(probe), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let complaint = "";
    child.stderr
      ?.setEncoding("utf8")
      .on("data", (text: string) => (complaint = text.trim().slice(-200)));
    outputAt = startedAt;
    unknownBytes = 0;
    reason = null;
    if (child.stdout) {
      child.stdout.setEncoding("utf8").on("data", onOutput);
      createInterface({ input: child.stdout }).on("line", read);
    }
    const ended = (why: string) => {
      if (isClosing || respawn !== undefined) return;
      outage.begin(why, {
        why,
        ran_ms: Math.round(msSince(startedAt, clock.mono())),
      });
      respawn = setTimeout(() => {
        respawn = undefined;
        start();
      }, backoff.next());
    };
    child.on("error", (error) => ended(reasonOf(error)));
    child.on("close", (code, signal) =>
      ended(
        reason ?? (complaint || `fping ended: ${signal ?? `code ${code}`}`),
      ),
    );
  }

  start();
  return {
    take(now) {
      // nothing is being sent, so nothing is lost
      if (respawn !== undefined) return answersOf([], 0);
      if (msSince(outputAt, now) > MUTE_MS)
        dismiss(`fping said nothing for ${MUTE_MS / 1e3} s`);
      return sequence.settle(now);
    },
    // its pace is fixed when it is started
    rest: () => undefined,
    forget(now) {
      outputAt = now;
      sequence.forget(now);
    },
    fault: () => outage.why(),
    view: () => ({ by: "fping", pid: child.pid ?? null }),
    [Symbol.asyncDispose]() {
      isClosing = true;
      clearTimeout(respawn);
      child.kill("SIGKILL");
      return Promise.resolve();
    },
  };
}
