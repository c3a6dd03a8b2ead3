import { Database } from "../sqlite.js";

export type { Connection } from "../sqlite.js";

/** How long to wait for somebody else's lock: short, for sockets wait meanwhile, and the next second is another try. */
export const BUSY_MS = 100;

/** What the world may do to a write at any time: to be tried again. Anything else SQLite refuses is a bug of ours. */
const PASSING =
  /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PERM|AUTH|PROTOCOL|NOLFS)/;

/** What the operating system refuses, be it what it may: the folder is gone, closed, a file, a loop. No bug has one. */
export const errnoOf = (error: unknown): string | undefined =>
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
