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

/** Listens at a Unix socket, for user and group, in place of one that an earlier process left. @throws what the system says */
export async function listenAt(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o660);
}

/** A file's text, without a mark of its encoding at the front. @throws Failure where it is no UTF-8; what readFileSync throws */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // said below
  }
  throw new Failure("must be UTF-8 text: save it anew in that encoding");
}

/** Replaces a file whole, or not at all: written beside, synced, renamed. */
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
