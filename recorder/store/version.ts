import type { WallMs } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import type { Connection } from "./connection.js";
import { MIGRATIONS } from "./migrations.js";

/**
 * Reads, and changes nothing: a file that is not ours stays as it is.
 * @throws Failure for a database of a newer program, or of another one
 */
export function demandOurs(
  db: Connection,
  migrations: readonly string[] = MIGRATIONS,
): void {
  const tables = tablesOf(db);
  if (tables.length > 0 && !tables.includes("schema_version"))
    throw new Failure(
      `Cannot open database '${db.name}': must be a history of this program: got tables ${tables.slice(0, 5).join(", ")}: move it away, or set storage.db_path`,
    );
  const version = versionOf(db);
  if (version > migrations.length)
    throw new Failure(
      `Cannot open database '${db.name}': must be of version ${migrations.length} or older: got ${version}: upgrade wanctl, or set storage.db_path`,
    );
}

/** The same for who only reads: also @throws Failure for an older version, or an empty file. */
export function demandNewest(db: Connection): void {
  demandOurs(db);
  const version = versionOf(db);
  if (version < MIGRATIONS.length)
    throw new Failure(
      `Cannot open database '${db.name}': must be of version ${MIGRATIONS.length}: got ${version}: start a recorder with it once`,
    );
}

/** Brings a database to the newest version, each migration in one transaction. */
export function migrate(
  db: Connection,
  now: WallMs,
  migrations: readonly string[] = MIGRATIONS,
): void {
  for (const [index, sql] of [...migrations.entries()].slice(versionOf(db)))
    db.transaction(() => {
      db.exec(sql);
      db.prepare("insert into schema_version values (?, ?)").run(
        index + 1,
        now,
      );
    }).immediate();
}

/** How many migrations were applied, 0 for a new file. */
function versionOf(db: Connection): number {
  if (!tablesOf(db).includes("schema_version")) return 0;
  const newest = db
    .prepare<[], number | null>("select max(version) from schema_version")
    .pluck()
    .get();
  return newest ?? 0;
}

const tablesOf = (db: Connection): string[] =>
  db
    .prepare<[], string>("select name from sqlite_schema where type = 'table'")
    .pluck()
    .all();
