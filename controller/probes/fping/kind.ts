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
  // its pace is its own: the others get what it leaves
  within(probe, budgetBps) {
    const slower = withinBudget(probe, budgetBps);
    const takenBps = bpsOf(fpingBytes(slower.reflectors), slower.spacingMs);
    return { probe: slower, leftBps: budgetBps - takenBps };
  },
  open: openFping,
};

/** What fping(8) exits with when a system call failed, as for a socket that it may not open. */
const SYSTEM_CALL_FAILED = 4;

function demandPinging(): void {
  const { error, status, stderr } = spawnSync(
    "fping",
    ["-c", "1", "-t", "50", "127.0.0.1"],
    { encoding: "utf8" },
  );
  // a file capability that this process may not have keeps the program from being run at all
  if (error === undefined && status !== SYSTEM_CALL_FAILED) return;
  const why = error?.message ?? stderr.trim().split("\n")[0];
  throw new Failure(
    `Cannot start controller: fping must be allowed to ping: got '${why}': give it CAP_NET_RAW (setcap cap_net_raw+ep, or AmbientCapabilities= in the unit)`,
  );
}
