import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { open, rename } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { Failure, reasonOf } from "./failure.js";

/** Listens at a Unix socket (mode 0660), replacing one left by an earlier process. @throws ErrnoException */
export async function listenAt(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o660);
}

/** A file's text, without its byte order mark. @throws Failure if it is not UTF-8, ErrnoException */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // reported below
  }
  throw new Failure("must be UTF-8 text: save it in that encoding");
}

/** Replaces a file atomically: writes `FILE.new`, syncs it and renames it. */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, "w", 0o660);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}

/**
 * Makes a folder and its parents, as `mkdir -p`. Node's own recursive mkdir never returns if an existing parent cannot
 * hold folders, such as /proc.
 * @returns the topmost folder made; undefined if all existed
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

/** Checks before the work that a result file can be written; leaves an empty file if there was none. @throws Failure */
export function demandWritable(file: string): void {
  try {
    closeSync(openSync(file, "a"));
  } catch (error) {
    throw new Failure(`Cannot write '${file}': ${reasonOf(error)}`);
  }
}
