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

/** A reply as printed by fping: `seq` counts the probes to this reflector from 0. */
export interface FpingReply extends Reply {
  readonly seq: number;
}

/** One reflector's probes: when they were sent, and which were answered. */
interface Account {
  /** When probe 0 was sent, computed from the newest echo. */
  zeroAt: MonoMs;
  /** All probes before this one are settled: answered or lost. */
  settled: number;
  readonly answered: Set<number>;
}

interface Sequence {
  /** Enters an echo. It is a reply even if it was counted as lost already: a long queue is not a silence. */
  enter(echo: FpingReply): void;
  /** Ends the cycle: returns the echoes since the last one and the probes past their deadline. */
  settle(now: MonoMs): Answers;
  /** Discards outstanding probes and echoes not yet taken. */
  forget(now: MonoMs): void;
}

/** More echoes than this between two cycles are dropped. */
const ECHOES_MAX = 256;

/**
 * Tells replies, losses and outstanding probes apart. fping prints nothing without a route, so losses are computed from
 * the clock: probe n of a reflector is sent at `zeroAt + n * periodMs` and lost `lossMs` later.
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

  /** The number of probes past their deadline, each counted once. */
  function overdue(account: Account, now: MonoMs): number {
    const due = Math.floor(
      (msSince(account.zeroAt, now) - probe.lossMs) / probe.periodMs,
    );
    // after a long suspension not all of these can have been sent: the older ones are settled without counting
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

/** fping's timeout, ms: a later reply is not printed. A queue of 5 s is still a measurement. */
const ANSWER_MAX_MS = 5_000;

/** fping forgets a probe after 10 s (SEQMAP_TIMEOUT): an RTT above is not a valid reply, ms. */
const FORGOTTEN_MS = 10_000;

/** A line that waited longer in the pipe, ms, is outdated and dropped. */
const STALE_MS = 1_000;

/** fping prints each reply and timeout. Without output for this long, ms, it hangs or has no route: restart it. */
const MUTE_MS = ANSWER_MAX_MS + 3_000;

/** After this many bytes of unknown output the program is not fping: it is restarted. */
const UNKNOWN_BYTES = 16_384;

const RESPAWN_MIN_MS = 250;
const RESPAWN_MAX_MS = 5_000;

/** One reply: `[1795231333.06965] 10.0.3.11 : [0], 64 bytes, 40.4 ms (40.4 avg, 0% loss)` */
const REPLY = /^\[(\d+\.\d+)\] (\S+) +: \[(\d+)\], \d+ bytes, ([\d.]+) ms/;

/** An unanswered probe: `[1795231333.06965] 10.0.3.11 : [3], timed out (NaN avg, 100% loss)` */
const NO_REPLY = /^\[\d+\.\d+\] \S+ +: \[\d+\], timed out|^ICMP /;

/**
 * A reply line of `fping -l -D`, or null.
 * @returns `stampMs`: when it was printed, wall clock, ms
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
 * The arguments of fping: a probe every `spacingMs`, to the reflectors in turn. Without `-t` every RTT above the period
 * would be a timeout; without `-i` probes would be sent in bursts.
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

/** A long-running fping, restarted with backoff whenever it ends. */
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

  /** Kills fping; it is restarted when it has ended. */
  function dismiss(why: string): void {
    reason ??= why;
    child.kill("SIGKILL");
  }

  function onOutput(part: string): void {
    outputAt = clock.mono();
    unknownBytes += part.length;
    if (unknownBytes > UNKNOWN_BYTES)
      dismiss(`unexpected output of fping: ${part.trim().slice(0, 60)}`);
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
      // no probes are sent, so none are lost
      if (respawn !== undefined) return answersOf([], 0);
      if (msSince(outputAt, now) > MUTE_MS)
        dismiss(`no output of fping for ${MUTE_MS / 1e3} s`);
      return sequence.settle(now);
    },
    // the interval is fixed at start
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
