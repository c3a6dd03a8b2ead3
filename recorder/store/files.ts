import {
  closeSync,
  existsSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import type { WallMs } from "../../shared/runtime/clock.js";
import { realPath } from "../../shared/runtime/lock.js";

/** Suffixes of a database's files. */
const BESIDE = ["", "-wal", "-shm"] as const;

const LOOK_BYTES = 4_096;

/**
 * Whether an invalid file may be a damaged database: not if it is plain text, which is another file given by mistake.
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
    // `stream`: the last character may be cut off
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return !decoder.decode(bytes, { stream: true }).includes("\0");
  } catch {
    return false;
  }
}

/**
 * Renames a damaged database with its log and index; nothing is deleted or changed, so that it can be repaired.
 * @returns the new name
 */
export function setAside(path: string, now: WallMs): string {
  const at = new Date(now).toISOString().slice(0, 19).replaceAll(":", "-");
  let name = `${path}.corrupt-${at}Z`;
  for (let n = 2; existsSync(name); n++) name = `${path}.corrupt-${at}Z-${n}`;
  // the log first: if renaming stops halfway, it must not be taken for the log of a new database
  for (const suffix of [...BESIDE].reverse())
    if (existsSync(path + suffix)) renameSync(path + suffix, name + suffix);
  return name;
}

/** Device and inode of the file at a path; "" if there is none. The path may lead to another file at any time. */
export function identityOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
  } catch (error) {
    // its folder was replaced by a file
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return "";
    throw error;
  }
}

interface Change {
  readonly how: string;
  /** The database itself is no longer there. */
  readonly moved: boolean;
}

/** The files of a database as they were when it was opened. */
export interface Files {
  /** What happened to the files since then; null if nothing did. @throws if they cannot be read */
  change(): Change | null;
  /** Deletes the rest of the log: beside another database it would be taken for that one's. */
  clear(): void;
}

export function databaseFiles(path: string): Files {
  // SQLite puts log and index beside the link's target
  const real = realPath(path);
  const fileOf = (path: string) => ({ path, identity: identityOf(path) });
  const main = fileOf(path);
  const [log, index] = [fileOf(`${real}-wal`), fileOf(`${real}-shm`)];
  return {
    change() {
      const now = identityOf(main.path);
      if (now === "") return { how: "the file was deleted", moved: true };
      if (now !== main.identity)
        return { how: "the file was replaced", moved: true };
      return identityOf(log.path) === log.identity
        ? null
        : { how: "its log was deleted or replaced", moved: false };
    },
    clear() {
      for (const each of [log, index])
        if (each.identity !== "" && identityOf(each.path) === each.identity)
          rmSync(each.path, { force: true });
    },
  };
}

/**
 * File systems on which WAL cannot work, by their magic number in statfs(2): WAL needs shared memory between processes
 * and reliable locks. FUSE may be local, but whether it provides these depends on the implementation.
 */
const NETWORK: Readonly<Record<number, string>> = {
  0x0000_517b: "SMB",
  0x0000_6969: "NFS",
  0x00c3_6400: "Ceph",
  0x0102_1997: "9P",
  0x0bd0_0bd0: "Lustre",
  0x5346_414f: "AFS",
  0x6573_5546: "FUSE",
  0xfe53_4d42: "SMB",
  0xff53_4d42: "SMB",
};

/** The name of a network file system; undefined for a local one. */
export const networkName = (type: bigint): string | undefined =>
  // 32-bit kernels sign-extend the number
  NETWORK[Number(BigInt.asUintN(32, type))];

/** The network file system of a path; undefined if it is local. */
export const networkOf = (path: string): string | undefined =>
  networkName(statfsSync(path, { bigint: true }).type);
