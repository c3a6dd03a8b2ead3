import { statSync } from "node:fs";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { Database } from "../sqlite.js";
import type { Connection } from "./connection.js";
import { demandNewest } from "./version.js";

/** A recorder that stops or starts holds it for a moment. */
const READER_BUSY_MS = 2_000;

/**
 * Opens a database file to be read, with what its log holds.
 * @throws Failure where there is none, it cannot be read, or is not of this version
 */
export function openReadable(path: string): Connection {
  const refuse = (rule: string): never => {
    throw new Failure(`Cannot open database '${path}': ${rule}`);
  };
  try {
    if (!statSync(path).isFile()) refuse("must be a file");
    const db = new Database(path, { readonly: true, timeout: READER_BUSY_MS });
    try {
      demandNewest(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") refuse("must be there: got ENOENT");
    if (code === "SQLITE_NOTADB") refuse("must be a SQLite database");
    return refuse(
      `must be readable, with its folder: got ${message || reasonOf(error)}: copy it, with its -wal`,
    );
  }
}
