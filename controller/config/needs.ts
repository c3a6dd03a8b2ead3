import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import { Failure } from "../../shared/runtime/failure.js";
import { mayOpenIcmpSocket } from "../probes/icmp/socket.js";
import type { ControllerConfig } from "./config.js";

/** What the probes are sent with: a raw socket of our own, or fping. */
type ProbeMeans = "socket" | "fping";

/** What rates are set with: tc here, or ssh to a router; REST needs no program. */
export type ShapingTool = "tc" | "ssh";

/** Places in the capability sets of capabilities(7). */
const CAP_NET_ADMIN = 12;

/** What fping(8) exits with when a system call failed, as for a socket it may not open. */
const FPING_SYSTEM_CALL_FAILED = 4;

/**
 * What a controller of a real line cannot do without, tried before anything is opened. What may come back by itself, a
 * line, a route, a queue, is not asked for here.
 * @returns what probes can be sent with
 * @throws Failure saying what is missing and what to do
 */
export function demandTools(
  tool: ShapingTool | null,
  probe: ControllerConfig["probe"],
): ProbeMeans {
  const means = demandProbing(probe);
  if (tool === "tc") {
    demandProgram("tc", "iproute2");
    demandNetAdmin();
  }
  if (tool === "ssh") demandProgram("ssh", "openssh-client");
  return means;
}

/** The socket speaks IPv4, and needs a right that fping may have where we have not. */
function demandProbing({
  method,
  reflectors,
  source,
}: ControllerConfig["probe"]): ProbeMeans {
  const isOurs =
    method !== "echo" &&
    !reflectors.some(isIPv6) &&
    (source === null || isIPv4(source));
  if (isOurs && mayOpenIcmpSocket()) return "socket";
  if (method === "timestamps")
    throw new Failure(
      "Cannot start controller: asking for timestamps needs CAP_NET_RAW: run it as root, or give it AmbientCapabilities= in the unit",
    );
  demandProgram("fping");
  demandPinging();
  return "fping";
}

function demandProgram(name: string, from = name): void {
  const error: NodeJS.ErrnoException | undefined = spawnSync(name, ["-V"], {
    stdio: "ignore",
  }).error;
  if (error?.code === "ENOENT")
    throw new Failure(
      `Cannot start controller: '${name}' must be on the PATH: install ${from}`,
    );
}

function demandPinging(): void {
  const { error, status, stderr } = spawnSync(
    "fping",
    ["-c", "1", "-t", "50", "127.0.0.1"],
    { encoding: "utf8" },
  );
  // a file capability that this process may not have keeps the program from being run at all
  if (error === undefined && status !== FPING_SYSTEM_CALL_FAILED) return;
  const why = error?.message ?? stderr.trim().split("\n")[0];
  throw new Failure(
    `Cannot start controller: fping must be allowed to ping: got '${why}': give it CAP_NET_RAW (setcap cap_net_raw+ep, or AmbientCapabilities= in the unit)`,
  );
}

function demandNetAdmin(): void {
  const status = readFileSync("/proc/self/status", "latin1");
  const effective = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`,
  );
  if ((effective >> BigInt(CAP_NET_ADMIN)) % 2n === 1n) return;
  throw new Failure(
    "Cannot start controller: setting rates with tc needs CAP_NET_ADMIN: run it as root, or give it AmbientCapabilities= in the unit",
  );
}
