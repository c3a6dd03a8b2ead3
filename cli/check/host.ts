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

/** Checks the shaper of a WAN, on the router or this host. Changes nothing. */
export async function lookAtShaper({
  shaper,
  policy,
}: ControllerConfig): Promise<Look> {
  const { is, warnings } = await backendOf(shaper)
    .check(shaper, policy.limits)
    .catch((error: unknown) => ({
      is: "cannot be checked",
      warnings: [reasonOf(error)],
    }));
  return { is, problems: warnings.map((rule) => ({ key: "shaper", rule })) };
}

/** Checks the database: on a local disk, a writable file in a writable folder. */
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
              rule: `must be on a local file system, is on ${network}`,
              value: path,
            },
          ]),
    ],
  };
}

/** Suffixes of a database's files; SQLite creates and removes the last two. */
const DATABASE = ["", "-wal", "-shm"];

/** Checks the checkpoint's folder. The file is replaced by rename, so its own permissions do not matter. */
export const lookAtCheckpoint = (path: string): Look => ({
  is: `checkpoint in ${path}`,
  problems: folderProblem("state_dir", dirname(path)),
});

/** Checks that a folder is writable, or can be created. */
export function folderProblem(key: string, path: string): Problem[] {
  const nearest = standing(path);
  return statSync(nearest).isDirectory()
    ? writable(key, nearest, constants.W_OK | constants.X_OK)
    : [
        {
          key,
          rule: "must be a folder",
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

/** The path, or its nearest existing parent. */
const standing = (path: string): string =>
  existsSync(path) ? path : standing(dirname(path));

/** Checks this host's clock, which controls retention: not before the files' times, and synchronised. */
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
              rule: "must be synchronised: enable NTP (timedatectl set-ntp true)",
            },
          ]
        : []),
    ],
  };
}

/** Null if unknown. */
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
