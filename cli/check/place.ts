import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { networkOf } from "../../recorder/store/files.js";
import type { Problem } from "../../shared/config/error.js";
import type { Look } from "./look.js";

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
      ...folder(key, dirname(path)),
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
  problems: folder("state_dir", dirname(path)),
});

/** A folder in which files may be made, or which may be made itself. */
export function folder(key: string, path: string): Problem[] {
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
