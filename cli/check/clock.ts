import { statSync } from "node:fs";
import { runCommand } from "../../controller/qdisc/look.js";
import { systemClock } from "../../shared/runtime/clock.js";
import type { Look } from "./look.js";

const DAY_MS = 24 * 3_600_000;

/** This host's clock: history is kept and deleted by it. It must not be before files that are there, and be kept right. */
export function lookAtClock(files: readonly string[]): Look {
  const now = systemClock.wall();
  const written = Math.max(...files.map((file) => statSync(file).mtimeMs));
  const synchronised = isSynchronised();
  const words =
    synchronised === null
      ? ""
      : synchronised
        ? ", synchronised"
        : ", not synchronised";
  return {
    is: `clock: ${new Date(now).toISOString().slice(0, 16)}Z${words}`,
    problems: [
      ...(written - now > DAY_MS
        ? [
            {
              key: "clock",
              rule: `is wrong: a file was written on ${new Date(written).toISOString().slice(0, 10)}`,
            },
          ]
        : []),
      ...(synchronised === false
        ? [
            {
              key: "clock",
              rule: "must be synchronised: switch NTP on (timedatectl set-ntp true)",
            },
          ]
        : []),
    ],
  };
}

/** Null where there is nobody to ask. */
function isSynchronised(): boolean | null {
  try {
    const { ok, out } = runCommand(
      "timedatectl show -p NTPSynchronized --value",
    );
    return ok ? out.trim() === "yes" : null;
  } catch {
    return null;
  }
}
