import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";
import { Failure, reasonOf } from "../shared/runtime/failure.js";

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
