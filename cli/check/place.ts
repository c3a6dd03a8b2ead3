import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { networkOf } from "../../recorder/store/file-system.js";
import type { Problem } from "../../shared/config-error.js";
import type { Look } from "./look.js";

/** Where the history is to be: a file or folder that may be made, on a disk of this host. */
export function lookAtHistory(path: string): Look {
  const problems = writable("storage.db_path", path);
  const network = networkOf(standing(path));
  return {
    is: `history in ${path}`,
    problems:
      network === undefined
        ? problems
        : [
            ...problems,
            {
              key: "storage.db_path",
              rule: `must be on a local file system, lies on ${network}`,
              value: path,
            },
          ],
  };
}

/** Where what was learned is to survive. */
export const lookAtCheckpoint = (path: string): Look => ({
  is: `checkpoint in ${path}`,
  problems: writable("state_dir", dirname(path)),
});

function writable(key: string, path: string): Problem[] {
  const nearest = standing(path);
  const problem = (rule: string) => [{ key, rule, value: nearest }];
  if (nearest !== path && !statSync(nearest).isDirectory())
    return problem("must be a folder, for what is to lie in it");
  try {
    accessSync(nearest, constants.W_OK);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return problem(`must be writable for who checks (${code})`);
  }
}

/** The path, or the nearest folder above it that is there. */
const standing = (path: string): string =>
  existsSync(path) ? path : standing(dirname(path));
