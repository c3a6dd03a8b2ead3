import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MonoMs, systemClock } from "../runtime/clock.js";
import {
  isNoList,
  listScript,
  parseItems,
  parseSet,
  setScript,
  singleScript,
} from "./script.js";
import { failed, type Outcome, type Session } from "./session.js";
import { faultOf, hasLostMaster } from "./ssh-faults.js";
import {
  ANSWER_BYTES,
  SSH_FAILED,
  type SshProcess,
  startSsh,
  within,
} from "./ssh-process.js";

export interface SshOptions {
  readonly host: string;
  /** Default 22. */
  readonly port?: number;
  readonly user: string;
  /** The private key; without a passphrase, for nobody is there to type it. */
  readonly keyFile: string;
  /** Host keys to trust. The router's must be in it. */
  readonly knownHostsFile: string;
  /** For one operation, the wait for its turn and the connection included. Default 5000. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 5_000;
/** Operations that wait for their turn. */
const WAITING = 8;

/**
 * A RouterOS device over SSH, by the system's `ssh`. One process holds the connection, made with the first operation and
 * made anew when it is gone; each operation is a short process that borrows it (ControlMaster in ssh_config(5)). Where
 * the router grants no second channel, ssh connects for each by itself.
 *
 * Values are RouterOS's own spelling for scripts, which for durations is not REST's: `1d02:03:04`, not `1d2h3m4s`.
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

  /** Has a connection to borrow. @returns why not, or null */
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

  /** Has one script executed. @returns what it printed, as latin1 */
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
    // RouterOS tells no exit status, so that alone says nothing; all our scripts print something
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
   * Operations take turns. Those that wait behind one without an answer fail with it: what is left of their time would
   * hardly do for a new connection, and would end the one that is being made, again and again.
   */
  function inTurn<T>(
    operate: (due: MonoMs) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    if (isClosed()) return Promise.resolve(CLOSED);
    if (waiting >= WAITING)
      return Promise.resolve(
        failed("busy", `${WAITING} operations wait already`),
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

  /** Says a script, and reads its answer. */
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
const OVERTAKEN = failed("timeout", "no answer to the operation before");

/** Printed by ssh when it is connected and lends the connection. */
const READY = "connected";

/** All but the destination: nothing of anybody's ssh_config, nothing asked, only what is given here trusted and tried. */
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

/** ssh splits at spaces and expands percent signs. */
const fileWord = (path: string): string =>
  `"${path.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
