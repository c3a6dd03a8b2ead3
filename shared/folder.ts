import { closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Failure, reasonOf } from "./failure.js";

/**
 * Makes a folder and those above it, as `mkdir -p`. Node's own recursive mkdir never returns where a folder that is there
 * cannot have others in it, as /proc.
 * @returns the topmost one that was made; undefined where all were there
 * @throws ErrnoException
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  try {
    mkdirSync(path, { mode });
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return undefined;
    const above = dirname(path);
    if (code !== "ENOENT" || existsSync(above)) throw error;
    const first = makeFolder(above, mode);
    const last = makeFolder(path, mode);
    return first ?? last;
  }
}

/** Tries a place for a result before the work; an empty file is there afterwards. @throws Failure where none can be */
export function demandWritable(file: string): void {
  try {
    closeSync(openSync(file, "a"));
  } catch (error) {
    throw new Failure(`Cannot write '${file}': ${reasonOf(error)}`);
  }
}
