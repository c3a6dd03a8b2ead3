import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultKind } from "../../../shared/contract/router-call.js";
import {
  type MonoMs,
  msSince,
  systemClock,
} from "../../../shared/runtime/clock.js";
import { plainReason } from "../../../shared/runtime/failure.js";
import { failed, type Outcome } from "../shaper.js";
import {
  isNoList,
  listScript,
  parseItems,
  parseSet,
  setScript,
  singleScript,
} from "./script.js";
import type { Session } from "./session.js";

/** Fault kinds by ssh's error messages, the most specific first. */
const COMPLAINTS: readonly (readonly [RegExp, FaultKind])[] = [
  [
    /Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known/,
    "untrusted",
  ],
  [/no matching host key type/, "untrusted"],
  [
    /Permission denied|Too many authentication failures|No such identity|Load key|UNPROTECTED PRIVATE KEY/i,
    "unauthorized",
  ],
  [/timed out|Timeout, server|not responding/, "timeout"],
  [/Session open refused|administratively prohibited|open failed/, "busy"],
];

/** The fault for an error message of ssh; default: unreachable. */
function faultOf(complaint: string): Outcome<never> {
  const [, fault = "unreachable"] =
    COMPLAINTS.find(([words]) => words.test(complaint)) ?? [];
  return failed(fault, complaint === "" ? "ssh ended" : complaint.slice(-300));
}

/** Whether the shared connection was lost. */
const hasLostMaster = (complaint: string): boolean =>
  /mux_client|control socket|controlsocket|control master/i.test(complaint);

const ANSWER_BYTES = 2 ** 20;
const COMPLAINT_BYTES = 4_096;

/** ssh's own exit status; all others are the remote command's. */
const SSH_FAILED = 255;

/** A running ssh process. */
interface SshProcess {
  readonly end: Promise<number | null>;
  readonly hasEnded: boolean;
  readonly hasOverflown: boolean;
  said(): string;
  complaint(): string;
  /** Resolves when the output contains this. */
  saying(words: string): Promise<void>;
  kill(): void;
}

/** Starts ssh; kills it if its output exceeds `ANSWER_BYTES`. */
function startSsh(args: readonly string[]): SshProcess {
  const child: ChildProcess = spawn("ssh", args, {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let complaint = "";
  let ended = false;
  let overflown = false;
  const end = new Promise<number | null>((settle) => {
    const finish = (code: number | null) => {
      ended = true;
      settle(code);
    };
    child.on("close", finish);
    child.on("error", (error) => {
      const { code } = error as NodeJS.ErrnoException;
      complaint =
        code === "ENOENT"
          ? "ssh must be on the PATH: install openssh-client"
          : `ssh cannot be started: ${plainReason(error)}`;
      finish(SSH_FAILED);
    });
  });
  // both are undefined if no file descriptors were left
  child.stdout?.setEncoding("latin1").on("data", (text: string) => {
    if (said.length + text.length <= ANSWER_BYTES) said += text;
    else {
      overflown = true;
      child.kill("SIGKILL");
    }
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_BYTES);
  });
  return {
    end,
    get hasEnded() {
      return ended;
    },
    get hasOverflown() {
      return overflown;
    },
    said: () => said,
    complaint: () => complaint.trim().replace(/\s+/g, " "),
    saying: (words) =>
      new Promise((settle) =>
        child.stdout?.on("data", () => {
          if (said.includes(words)) settle();
        }),
      ),
    kill: () => void child.kill("SIGKILL"),
  };
}

/** Waits for the process to end, or for `sooner`; kills it at the deadline. */
async function within(
  running: SshProcess,
  due: MonoMs,
  sooner?: Promise<void>,
): Promise<number | null | "timeout"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"timeout">((settle) => {
    timer = setTimeout(
      () => {
        running.kill();
        settle("timeout");
      },
      Math.max(0, msSince(systemClock.mono(), due)),
    );
  });
  const all = [running.end, late];
  const outcome = await Promise.race(
    sooner === undefined ? all : [...all, sooner.then(() => null)],
  );
  clearTimeout(timer);
  return outcome;
}

export interface SshOptions {
  readonly host: string;
  /** Default 22. */
  readonly port?: number;
  readonly user: string;
  /** The private key, without a passphrase. */
  readonly keyFile: string;
  /** Trusted host keys; must contain the router's. */
  readonly knownHostsFile: string;
  /** For one operation, including waiting for its turn and connecting. Default 5000. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 5_000;
/** Queued operations at most; further ones fail as busy. */
const WAITING = 8;

/**
 * A RouterOS device over SSH, using the system's `ssh`. One process holds the connection, opened by the first operation
 * and reopened when lost; each operation is a short process that shares it (ControlMaster in ssh_config(5)). If the
 * router does not allow a second channel, ssh opens a connection per operation.
 *
 * Values are in RouterOS script notation, which differs from REST for durations: `1d02:03:04`, not `1d2h3m4s`.
 */
export function openSsh(options: SshOptions): Session {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-ssh-"));
  const base = [
    ...sshWords(options),
    ...["-o", `ControlPath=${join(folder, "control")}`],
  ];
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const noLists = new Set<string>();
  let master: SshProcess | null = null;
  let borrower: SshProcess | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let timeouts = 0;
  let closed = false;
  const isClosed = () => closed;

  /** Ensures a shared connection. @returns the failure, or null */
  async function connect(due: MonoMs): Promise<Outcome<never> | null> {
    if (master !== null && !master.hasEnded) return null;
    const words = ["-o", "ControlMaster=yes", "-o", "PermitLocalCommand=yes"];
    const hold = ["-o", `LocalCommand=echo ${READY}`, "-N"];
    const started = startSsh([...base, ...words, ...hold, "--", options.host]);
    master = started;
    const ended = await within(started, due, started.saying(READY));
    if (ended === "timeout") return timeout(started.complaint());
    return started.hasEnded ? faultOf(started.complaint()) : null;
  }

  function timeout(complaint: string): Outcome<never> {
    drop();
    timeouts += 1;
    const words = complaint === "" ? "" : `: ${complaint}`;
    return failed("timeout", `no answer within ${deadlineMs} ms${words}`);
  }

  function drop(): void {
    master?.kill();
    master = null;
  }

  /** Runs a script on the router. @returns its output, decoded as latin1 */
  async function execute(
    script: string,
    due: MonoMs,
    again = true,
  ): Promise<Outcome<string>> {
    const fault = await connect(due);
    if (fault !== null) return fault;
    if (isClosed()) return CLOSED;
    const started = startSsh([...base, "--", options.host, script]);
    borrower = started;
    const ended = await within(started, due);
    borrower = null;
    if (isClosed()) return CLOSED;
    if (ended === "timeout") return timeout(started.complaint());
    if (started.hasOverflown)
      return failed(
        "refused",
        `the answer is longer than ${ANSWER_BYTES} bytes`,
      );
    // RouterOS sends no exit status, so 255 alone means nothing; all our scripts print something
    const complains =
      ended === SSH_FAILED &&
      (started.complaint() !== "" || started.said() === "");
    if (!complains) return { kind: "done", value: started.said() };
    if (!again || !hasLostMaster(started.complaint()))
      return faultOf(started.complaint());
    drop();
    return execute(script, due, false);
  }

  /**
   * Operations run one at a time. Those queued behind one that times out fail with it: their remaining time would
   * hardly suffice for a new connection, and each would abort the one being opened.
   */
  function inTurn<T>(
    operate: (due: MonoMs) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    if (isClosed()) return Promise.resolve(CLOSED);
    if (waiting >= WAITING)
      return Promise.resolve(
        failed("busy", `${WAITING} operations are already waiting`),
      );
    const due = (systemClock.mono() + deadlineMs) as MonoMs;
    const timeoutsBefore = timeouts;
    waiting += 1;
    const settled = turn.then(() => {
      waiting -= 1;
      if (isClosed()) return CLOSED;
      return timeouts === timeoutsBefore ? operate(due) : OVERTAKEN;
    });
    turn = settled;
    return settled;
  }

  /** Runs a script and parses its output. */
  async function say<T>(
    script: Outcome<string>,
    due: MonoMs,
    parse: (answer: string) => Outcome<T>,
  ): Promise<Outcome<T>> {
    if (script.kind === "failed") return script;
    const answer = await execute(script.value, due);
    return answer.kind === "failed" ? answer : parse(answer.value);
  }

  return {
    transport: "ssh",
    list: (menu, where = {}) =>
      inTurn(async (due) => {
        if (!noLists.has(menu)) {
          const items = await say(listScript(menu, where), due, parseItems);
          if (!isNoList(items)) return items;
        }
        const item = await say(singleScript(menu), due, parseItems);
        if (item.kind === "done") noLists.add(menu);
        return item;
      }),
    set: (menu, id, values) =>
      inTurn((due) => say(setScript(menu, id, values), due, parseSet)),
    async [Symbol.asyncDispose]() {
      closed = true;
      const left = [master, borrower].filter((one) => one !== null);
      drop();
      borrower?.kill();
      await Promise.all([turn, ...left.map(({ end }) => end)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const CLOSED = failed("unreachable", "closed");
const OVERTAKEN = failed("timeout", "no answer to the previous operation");

/** Printed by ssh once the shared connection is ready. */
const READY = "connected";

/** All options: no ssh_config files, no prompts, only the given key and host keys. */
function sshWords(options: SshOptions): string[] {
  const { port = 22, user, keyFile, knownHostsFile } = options;
  const settings = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: fileWord(knownHostsFile),
    GlobalKnownHostsFile: "none",
    UpdateHostKeys: "no",
    PreferredAuthentications: "publickey",
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    IdentityFile: fileWord(keyFile),
    ConnectTimeout: "5",
    ServerAliveInterval: "2",
    ServerAliveCountMax: "2",
    EscapeChar: "none",
    LogLevel: "ERROR",
  };
  return [
    ...["-F", "none", "-T", "-p", `${port}`, "-l", user],
    ...Object.entries(settings).flatMap(([key, word]) => [
      "-o",
      `${key}=${word}`,
    ]),
  ];
}

/** Quotes a path: ssh splits at spaces and expands percent signs. */
const fileWord = (path: string): string =>
  `"${path.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
