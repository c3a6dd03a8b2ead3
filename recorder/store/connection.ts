import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";

/** An open database of the loaded better-sqlite3. */
export type Connection = BetterSqlite3.Database;

/**
 * better-sqlite3 13 crashes Node 20, and 12 aborts Node 24 at exit: package.json lists both as optional, and npm skips
 * 13 if Node is too old for it.
 */
const PACKAGE =
  parseInt(process.versions.node) < 22
    ? "better-sqlite3-node20"
    : "better-sqlite3";

/** @throws Failure if it is not installed, or not built for this Node */
function load(): typeof BetterSqlite3 {
  try {
    const loaded = createRequire(import.meta.url)(
      PACKAGE,
    ) as typeof BetterSqlite3;
    new loaded(":memory:").close();
    return loaded;
  } catch (error) {
    throw new Failure(
      `Cannot load ${PACKAGE} for Node ${process.versions.node}: ${reasonOf(error).split("\n", 1)[0] ?? ""}: run npm ci with this Node; a compiler (python3, make, g++) is needed if there is no prebuilt SQLite`,
    );
  }
}

export const Database = load();

/** How long to wait for another process's lock, ms: short, as sockets wait meanwhile; retried every second. */
export const BUSY_MS = 100;

/** Errors of the environment, which may pass: try again. Any other SQLite error is a bug. */
const PASSING =
  /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PERM|AUTH|PROTOCOL|NOLFS)/;

/** An error of a system call: never a bug, but a problem with the folder or file. */
const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "syscall" in error && "code" in error
    ? `${String(error.code)} (${String(error.syscall)})`
    : undefined;

/** Why an operation failed, if that may pass; undefined for a bug. */
export const passingCause = (error: unknown): string | undefined =>
  error instanceof Database.SqliteError && PASSING.test(error.code)
    ? `${error.message} (${error.code})`
    : errnoOf(error);

const codeOf = (error: unknown): string =>
  error instanceof Database.SqliteError ? error.code : "";

/** The file is damaged or not a database: retrying is useless. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));

/** The connection may be stale, as after the disk was away or read-only; a new one may work. */
export const isStale = (error: unknown): boolean =>
  /^SQLITE_(IOERR|READONLY|CANTOPEN|PERM|AUTH|PROTOCOL|NOLFS)/.test(
    codeOf(error),
  ) || errnoOf(error) !== undefined;
