import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Failure } from "../shared/failure.js";

/** Places in the capability sets of capabilities(7). */
const CAP_NET_ADMIN = 12;

/** What fping(8) exits with when a system call failed, as for a socket it may not open. */
const FPING_SYSTEM_CALL_FAILED = 4;

/**
 * What a controller of a real line cannot do without, tried before anything is opened. What may come back by itself, a
 * line, a route, a queue, is not asked for here.
 * @throws Failure saying what is missing and what to do
 */
export function demandTools(backend: "tc" | "routeros"): void {
  demandProgram("fping");
  if (backend === "tc") demandProgram("tc", "iproute2");
  demandPinging();
  if (backend === "tc") demandNetAdmin();
}

function demandProgram(name: string, from = name): void {
  const { error } = spawnSync(name, ["-V"], { stdio: "ignore" });
  if (error !== undefined)
    throw new Failure(
      `Cannot start controller: '${name}' must be on the PATH: install ${from}`,
    );
}

function demandPinging(): void {
  const probe = spawnSync("fping", ["-c", "1", "-t", "50", "127.0.0.1"], {
    encoding: "utf8",
  });
  if (probe.status !== FPING_SYSTEM_CALL_FAILED) return;
  throw new Failure(
    `Cannot start controller: fping must be allowed to ping: got '${probe.stderr.trim().split("\n")[0]}': give it CAP_NET_RAW (setcap cap_net_raw+ep, or AmbientCapabilities= in the unit)`,
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
