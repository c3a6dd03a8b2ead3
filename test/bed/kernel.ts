import { spawnSync } from "node:child_process";
import { release } from "node:os";

const PROGRAMS = ["fping", "iperf3", "ethtool", "ip", "tc", "nft", "unshare"];

/** How the line is shaped: CAKE, or HTB with a short byte FIFO where the kernel has no CAKE. */
export type Shaping = "cake" | "htb";

/** Asked for by `run.ts`; HTB is what every kernel has. */
export const SHAPING: Shaping =
  process.env["E2E_SHAPING"] === "cake" ? "cake" : "htb";

/** Does this kernel have the queueing discipline? Tried in a network namespace that is gone at once. */
export function kernelHas(qdisc: "cake" | "netem" | "htb"): boolean {
  const options = qdisc === "netem" ? ["delay", "1ms"] : [];
  const tc = ["-n", "tc", "qdisc", "add", "dev", "lo", "root", qdisc];
  return spawnSync("unshare", [...tc, ...options]).status === 0;
}

/** Does this kernel's firewall know such a rule? Tried likewise. */
export function firewallHas(rule: string): boolean {
  const chain =
    "nft add table ip t && nft add chain ip t c && nft add rule ip t c";
  return (
    spawnSync("unshare", ["-n", "sh", "-c", `${chain} ${rule}`]).status === 0
  );
}

/** What stands between this machine and a line: nothing, or why not, in words. */
export function lacking(shaping: Shaping = SHAPING): string[] {
  if (process.getuid?.() !== 0) return ["must run as root"];
  const missing = PROGRAMS.filter(
    (program) => spawnSync(program, ["-V"]).error !== undefined,
  );
  if (missing.length > 0) return missing.map((name) => `no ${name}`);
  return kernelHas(shaping) ? [] : [`no ${shaping} in kernel ${release()}`];
}

/** "HTB, kernel 6.1.0 (no CAKE, no netem: base RTT about 0.1 ms)": for titles. */
export function machineInWords(): string {
  const netem = kernelHas("netem")
    ? "netem: base RTT 20 ms"
    : "no netem: base RTT about 0.1 ms";
  const cake = kernelHas("cake") ? "CAKE" : "no CAKE";
  return `${SHAPING.toUpperCase()}, kernel ${release()} (${cake}, ${netem})`;
}

/**
 * For `before`: a machine that lacks something skips the tests, loudly; with CI=true it fails them,
 * for a suite nobody ran must not look like one that passed.
 */
export function demandMachine(this: Mocha.Context): void {
  const reasons = lacking();
  if (reasons.length === 0) return;
  const what = `Cannot build a test line: ${reasons.join(", ")}`;
  if (process.env["CI"] === "true") throw new Error(what);
  console.error(`\n!!! SKIPPED: ${what}\n`);
  this.skip();
}
