import { readFileSync } from "node:fs";
import { msSince, systemClock } from "../shared/runtime/clock.js";
import { openStage } from "../test/acceptance/line-troubles/stage.js";
import { lacking } from "../test/bed/kernel.js";
import { run } from "../test/bed/namespace.js";
import { pause } from "../test/bed/waiting.js";
import { childrenOf } from "../test/processes.js";

/**
 * What one controller costs on a line: CPU of it and its children, and packets that the shaper itself sends, on a line
 * in use, an idle one, and one whose pings are filtered. Root; 2 minutes; in real time.
 *
 *   node dist/bench/line-cost.js [SECONDS]
 */

/** CPU so far, ms (proc_pid_stat(5), ticks of 10 ms). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Packets that the shaper sent of its own accord so far (RFC 4293, ipOutRequests). */
function sentPackets(): number {
  const [names = "", values = ""] = run("shaper", "cat /proc/net/snmp")
    .split("\n")
    .filter((line) => line.startsWith("Ip:"));
  return Number(values.split(" ")[names.split(" ").indexOf("OutRequests")]);
}

/** Unused for so long in this scene, the line is idle. */
const IDLE_S = 5;

async function main([seconds = "20"]: readonly string[]): Promise<void> {
  const reasons = lacking();
  if (reasons.length > 0)
    throw new Error(`Cannot build a test line: ${reasons.join(", ")}`);
  await using stage = await openStage();
  stage.controller().signal("SIGTERM");
  await stage.startController({ IDLE_AFTER: String(IDLE_S) });

  const measure = async (what: string) => {
    if (what !== "idle") await stage.load();
    const { pid } = stage.controller();
    const all = [pid, ...childrenOf(pid)];
    const cpu = () => all.reduce((sum, one) => sum + cpuMs(one), 0);
    const [begun, cpuBefore, before] = [
      systemClock.mono(),
      cpu(),
      sentPackets(),
    ];
    await pause(Number(seconds) * 1e3);
    const spent = msSince(begun, systemClock.mono()) / 1e3;
    const pct = (cpu() - cpuBefore) / 10 / spent;
    const perSecond = (sentPackets() - before) / spent;
    console.log(
      `${what.padEnd(28)}${pct.toFixed(1).padStart(6)} % of a CPU${perSecond.toFixed(1).padStart(8)} packets/s`,
    );
  };
  await pause(10_000);
  await measure("in use");
  stage.system.line.pings(false);
  await pause(10_000);
  await measure("in use, pings filtered");
  stage.system.line.pings(true);
  await pause(10_000);
  stage.system.line.reflectors(false);
  await pause(10_000);
  await measure("in use, nobody answers");
  stage.system.line.reflectors(true);
  await stage.unload();
  await pause(1e3 * (IDLE_S + 10));
  await measure("idle");
}

await main(process.argv.slice(2));
process.exit();
