import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { ControllerConfig } from "../../controller/config/config.js";
import { runCommand } from "../../controller/qdisc/look.js";
import { backendOf } from "../../controller/shapers/backends.js";
import { networkOf } from "../../recorder/store/files.js";
import type { Problem } from "../../shared/config/error.js";
import { DAY_MS } from "../../shared/contract/units.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { reasonOf } from "../../shared/runtime/failure.js";
import type { Look } from "./judged.js";

/** What shapes a WAN. Asks the router or this host, and changes nothing. */
export async function lookAtShaper({
  shaper,
  policy,
}: ControllerConfig): Promise<Look> {
  const { is, warnings } = await backendOf(shaper)
    .check(shaper, policy.limits)
    .catch((error: unknown) => ({
      is: "cannot look",
      warnings: [reasonOf(error)],
    }));
  return { is, problems: warnings.map((rule) => ({ key: "shaper", rule })) };
}

/** Where the history is to be: on a disk of this host, a file that may be written, in a folder where others may be made beside it. */
export function lookAtHistory(path: string): Look {
  const key = "storage.db_path";
  const network = networkOf(standing(path));
  return {
    is: `history in ${path}`,
    problems: [
      ...(existsSync(path) && !statSync(path).isFile()
        ? [{ key, rule: "must be a file", value: path }]
        : DATABASE.map((end) => path + end)
            .filter(existsSync)
            .flatMap((file) => writable(key, file, constants.W_OK))),
      ...folderProblem(key, dirname(path)),
      ...(network === undefined
        ? []
        : [
            {
              key,
              rule: `must be on a local file system, lies on ${network}`,
              value: path,
            },
          ]),
    ],
  };
}

/** What SQLite calls the files of one database: it makes and removes the others as it goes. */
const DATABASE = ["", "-wal", "-shm"];

/** Where what was learned is to survive. The file is replaced by another, so that its own rights do not matter. */
export const lookAtCheckpoint = (path: string): Look => ({
  is: `checkpoint in ${path}`,
  problems: folderProblem("state_dir", dirname(path)),
});

/** A folder in which files may be made, or which may be made itself. */
export function folderProblem(key: string, path: string): Problem[] {
  const nearest = standing(path);
  return statSync(nearest).isDirectory()
    ? writable(key, nearest, constants.W_OK | constants.X_OK)
    : [
        {
          key,
          rule: "must be a folder, for what is to lie in it",
          value: nearest,
        },
      ];
}

function writable(key: string, path: string, mode: number): Problem[] {
  try {
    accessSync(path, mode);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const rule = `must be writable for this user (${code})`;
    return [{ key, rule, value: path }];
  }
}

/** The path, or the nearest folder above it that is there. */
const standing = (path: string): string =>
  existsSync(path) ? path : standing(dirname(path));

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

/** Null if there is nothing to ask. */
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
