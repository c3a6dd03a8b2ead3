import { spawnSync } from "node:child_process";
import { Failure } from "../../../shared/runtime/failure.js";
import { demandProgram } from "../../config/needs.js";
import { bpsOf, fpingBytes, withinBudget } from "../budget.js";
import type { PingerKind } from "../pinger.js";
import { openFping } from "./fping.js";

/** The program fping, for IPv6 and for processes without CAP_NET_RAW. */
export const FPING: PingerKind = {
  name: "fping",
  needs() {
    demandProgram("fping");
    demandPinging();
    return true;
  },
  // fping does not take from the shared budget: reserve its part
  within(probe, budgetBps) {
    const slower = withinBudget(probe, budgetBps);
    const takenBps = bpsOf(fpingBytes(slower.reflectors), slower.spacingMs);
    return { probe: slower, leftBps: budgetBps - takenBps };
  },
  open: openFping,
};

/** fping(8)'s exit code when a system call fails, such as opening a socket without permission. */
const SYSTEM_CALL_FAILED = 4;

function demandPinging(): void {
  const { error, status, stderr } = spawnSync(
    "fping",
    ["-c", "1", "-t", "50", "127.0.0.1"],
    { encoding: "utf8" },
  );
  // `error`: fping cannot be executed, if it has a file capability outside this process's bounding set
  if (error === undefined && status !== SYSTEM_CALL_FAILED) return;
  const why = error?.message ?? stderr.trim().split("\n")[0];
  throw new Failure(
    `Cannot start controller: fping needs permission to ping: got '${why}': give it CAP_NET_RAW (setcap cap_net_raw+ep, or AmbientCapabilities= in the unit)`,
  );
}
