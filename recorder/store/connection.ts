import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";

/** The open database of better-sqlite3, whichever version is loaded. */
export type Connection = BetterSqlite3.Database;

/**
 * better-sqlite3 13 crashes Node 20, and 12 aborts Node 24 when the process ends: package.json names both as optional, and
 * npm leaves out 13 where Node is too old for it.
 */
const PACKAGE =
  parseInt(process.versions.node) < 22
    ? "better-sqlite3-node20"
    : "better-sqlite3";

/** @throws Failure where it was not installed, or not built for this Node */
function load(): typeof BetterSqlite3 {
  try {
    const loaded = createRequire(import.meta.url)(
      PACKAGE,
    ) as typeof BetterSqlite3;
    new loaded(":memory:").close();
    return loaded;
  } catch (error) {
    throw new Failure(
      `Cannot load ${PACKAGE} for Node ${process.versions.node}: ${reasonOf(error).split("\n", 1)[0] ?? ""}: run npm ci with this Node; a compiler (python3, make, g++) is needed where there is no prebuilt SQLite`,
    );
  }
}

export const Database = load();

/** How long to wait for another process's lock, ms: short, because sockets wait meanwhile and the next second tries again. */
export const BUSY_MS = 100;

/** What the world may do to a write at any time: to be tried again. Anything else SQLite refuses is a bug of ours. */
const PASSING =
  /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PERM|AUTH|PROTOCOL|NOLFS)/;

/** What the operating system refuses, be it what it may: the folder is gone, closed, a file, a loop. No bug has one. */
const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "syscall" in error && "code" in error
    ? `${String(error.code)} (${String(error.syscall)})`
    : undefined;

/** Why a write did not happen, where that may pass; undefined for a bug. */
export const passingCause = (error: unknown): string | undefined =>
  error instanceof Database.SqliteError && PASSING.test(error.code)
    ? `${error.message} (${error.code})`
    : errnoOf(error);

const codeOf = (error: unknown): string =>
  error instanceof Database.SqliteError ? error.code : "";

/** The file is damaged, or is no database: no second try will help. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));

/** Perhaps it is the connection that is stale, and a new one will do: the disk was away, or became read-only. */
export const isStale = (error: unknown): boolean =>
  /^SQLITE_(IOERR|READONLY|CANTOPEN|PERM|AUTH|PROTOCOL|NOLFS)/.test(
    codeOf(error),
  ) || errnoOf(error) !== undefined;
