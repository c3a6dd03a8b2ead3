import { closeSync, existsSync, openSync, readSync, renameSync } from "node:fs";
import type { WallMs } from "../../shared/runtime/clock.js";

/** What SQLite keeps beside a database. */
const BESIDE = ["", "-wal", "-shm"] as const;

const LOOK_BYTES = 4_096;

/**
 * Whether a file that is no database may have been one: one that is plain text is somebody's, named by mistake. Neither a
 * page of ours nor noise is text.
 */
export function mayBeOurs(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(LOOK_BYTES);
    const length = readSync(file, bytes, 0, LOOK_BYTES, 0);
    return !isText(bytes.subarray(0, length));
  } finally {
    closeSync(file);
  }
}

function isText(bytes: Uint8Array): boolean {
  try {
    // a stream, for the last character may be cut off
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return !decoder.decode(bytes, { stream: true }).includes("\0");
  } catch {
    return false;
  }
}

/**
 * Gives a damaged database another name, with what lies beside it: nothing of it is deleted or changed, so that
 * whoever can may read what is left. @returns the name
 */
export function setAside(path: string, now: WallMs): string {
  const at = new Date(now).toISOString().slice(0, 19).replaceAll(":", "-");
  let name = `${path}.corrupt-${at}Z`;
  for (let n = 2; existsSync(name); n++) name = `${path}.corrupt-${at}Z-${n}`;
  // the log first: what remains of a half-done job must not be taken for the log of a new database
  for (const suffix of [...BESIDE].reverse())
    if (existsSync(path + suffix)) renameSync(path + suffix, name + suffix);
  return name;
}
