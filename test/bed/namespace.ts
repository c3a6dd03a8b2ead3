import {
  type ChildProcessWithoutNullStreams,
  execFileSync,
  spawn,
} from "node:child_process";
import { once } from "node:events";
import { programOf } from "../processes.js";

/** The hosts of the test line, each a network namespace. */
export const HOSTS = ["client", "shaper", "isp", "server"] as const;
export type Host = (typeof HOSTS)[number];

/** Which line this process plays on, where there is more than one: E2E_LINE. */
export const LINE = process.env["E2E_LINE"] ?? "line";

/** The prefix keeps clear of namespaces that are somebody else's. */
export const namespaceOf = (host: Host): string => `wanctl-${LINE}-${host}`;

/** Runs a command to its end inside a host; what it printed. @throws when it fails */
export function run(host: Host, command: string): string {
  return call("ip", ["netns", "exec", namespaceOf(host), ...words(command)]);
}

/** A process inside a host. Disposing it ends it and waits for that. */
export interface Process extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  readonly ended: boolean;
}

/** Starts a command inside a host: `ip netns exec` becomes the command, so the pid and the signals are its own. */
export function start(
  host: Host,
  command: string,
  env: NodeJS.ProcessEnv = process.env,
): Process {
  const args = ["netns", "exec", namespaceOf(host), ...words(command)];
  const child = spawn("ip", args, { env });
  // A process that is gone is noticed by its exit, not by a broken pipe.
  child.stdin.on("error", () => undefined);
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    pid: child.pid ?? 0,
    get ended() {
      return ended();
    },
    async [Symbol.asyncDispose]() {
      if (ended()) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}

/** Everything that runs inside a host. */
export function processesIn(host: Host): number[] {
  return call("ip", ["netns", "pids", namespaceOf(host)])
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
}

/** What runs of a program inside a host. */
export const processesOf = (name: string, host: Host): number[] =>
  processesIn(host).filter((pid) => programOf(pid) === name);

/** The hosts, with nothing in them but loopback. Removes those that a killed run left behind. */
export function makeHosts(): void {
  removeHosts();
  for (const host of HOSTS) {
    call("ip", ["netns", "add", namespaceOf(host)]);
    run(host, "ip link set lo up");
  }
}

/** Ends what runs in the hosts and removes them, links and queues included. */
export function removeHosts(): void {
  const existing = call("ip", ["netns", "list"])
    .split("\n")
    .map((line) => line.split(" ")[0]);
  for (const host of HOSTS) {
    if (!existing.includes(namespaceOf(host))) continue;
    for (const pid of processesIn(host)) kill(pid);
    call("ip", ["netns", "del", namespaceOf(host)]);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}

const words = (command: string): string[] => command.split(" ");

const call = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
