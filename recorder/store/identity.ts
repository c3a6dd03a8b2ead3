import { rmSync, statSync } from "node:fs";
import { realPath } from "../../shared/runtime/lock.js";

/** Which file a path leads to, "" where there is none. A name may be given to another file at any time. */
export function identityOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
  } catch (error) {
    // its folder is a file now
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return "";
    throw error;
  }
}

export interface Change {
  readonly how: string;
  /** The database itself is no longer there. */
  readonly moved: boolean;
}

/** A database and what SQLite keeps beside it, as they were when it was opened. */
export interface Files {
  /** What somebody has done to them; null where nobody has. @throws where they cannot be looked at */
  change(): Change | null;
  /** Deletes what is still there of the log: beside another database it would be taken for that one's. */
  clear(): void;
}

export function filesOf(path: string): Files {
  // SQLite keeps what it has beside the file that a link leads to
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
