import { Database } from "../sqlite.js";

export type { Connection } from "../sqlite.js";

/** How long to wait for somebody else's lock: short, for sockets wait meanwhile, and the next second is another try. */
export const BUSY_MS = 100;

/** What the world may do to a write at any time: to be tried again. Anything else SQLite refuses is a bug of ours. */
const PASSING = /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM)/;

/** Why a write did not happen, where that may pass; undefined for a bug. */
export const passingCause = (error: unknown): string | undefined =>
  error instanceof Database.SqliteError && PASSING.test(error.code)
    ? `${error.message} (${error.code})`
    : undefined;

const codeOf = (error: unknown): string =>
  error instanceof Database.SqliteError ? error.code : "";

/** The file is damaged, or is no database: no second try will help. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));

/** Perhaps it is the connection that is stale, and a new one will do: the disk was away, or became read-only. */
export const isStale = (error: unknown): boolean =>
  /^SQLITE_(IOERR|READONLY|CANTOPEN)/.test(codeOf(error));
