import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { WallMs } from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { makeFolder } from "../../shared/runtime/files.js";
import { Database } from "../sqlite.js";
import {
  BUSY_MS,
  type Connection,
  isDamage,
  passingCause,
} from "./connection.js";
import { mayBeOurs, setAside } from "./damage.js";
import { networkOf } from "./file-system.js";
import { commandToOwn } from "./own-place.js";
import { demandOurs, migrate } from "./version.js";
import { remakeViews } from "./views.js";

/** The owner and the group `wanctl`; SQLite gives the -wal and -shm files the mode of the database. */
const FILE_MODE = 0o660;

const WAL_BYTES_KEPT = 64 * 2 ** 20;

/** What the world may do to a file at any time: to be tried again. */
const PASSING = ["EROFS", "ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE"];

/** The place is of no use at the moment. */
export class DatabaseAway extends Failure {}

/** The file is damaged, and has been set aside as `keptAs`. */
export class DatabaseDamaged extends Failure {
  readonly keptAs: string;
  constructor(path: string, cause: string, keptAs: string) {
    super(
      `Cannot open database '${path}': must be intact: got ${cause}: kept as '${keptAs}'`,
    );
    this.keptAs = keptAs;
  }
}

const WAY_OUT = "move it away, or set storage.db_path";

/**
 * Opens a database file, made with its folders where there is none, of the newest version and ready to be written
 * beside readers.
 * @throws Failure when the place or the file is of no use; DatabaseAway where that may pass, DatabaseDamaged where the
 * next try makes a new file
 */
export function openDatabase(path: string, now: WallMs): Connection {
  makeFile(path);
  const db = connect(path);
  try {
    demandOurs(db);
    prepare(db);
    migrate(db, now);
    remakeViews(db);
    return db;
  } catch (error) {
    // before it is closed, or what its log holds would be written into it
    try {
      throw isDamage(error) && mayBeOurs(path)
        ? new DatabaseDamaged(path, reasonOf(error), setAside(path, now))
        : error;
    } catch (cause) {
      db.close();
      throw unusable(path, cause);
    }
  }
}

function connect(path: string): Connection {
  try {
    return new Database(path, { timeout: BUSY_MS });
  } catch (error) {
    throw unusable(path, error);
  }
}

/** The file and its folders, with their modes whatever the umask. */
function makeFile(path: string): void {
  const folder = dirname(path);
  const refuse = (rule: string): never => {
    throw new Failure(`Cannot open database '${path}': ${rule}`);
  };
  try {
    makeFolder(folder, 0o770);
    const network = networkOf(folder);
    if (network !== undefined)
      refuse(
        `must be on a local file system: got ${network}: set storage.db_path`,
      );
    closeSync(openSync(path, "a+", FILE_MODE));
    if ((statSync(path).mode & 0o777) !== FILE_MODE) chmodSync(path, FILE_MODE);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? reasonOf(error);
    if (PASSING.includes(code))
      throw new DatabaseAway(`Cannot open database '${path}': got ${code}`);
    const way = ["EACCES", "EPERM"].includes(code)
      ? `run "${commandToOwn(path)}" as root, or set storage.db_path`
      : "set storage.db_path";
    refuse(`file and folder must be writable: got ${code}: ${way}`);
  }
}

function prepare(db: Connection): void {
  // before the first table and before WAL: afterwards it takes a VACUUM of everything
  db.pragma("auto_vacuum = INCREMENTAL");
  const mode = db.pragma("journal_mode = WAL", { simple: true });
  if (mode !== "wal")
    throw new Failure(
      `Cannot open database '${db.name}': must be where SQLite can use WAL: got ${String(mode)}: set storage.db_path`,
    );
  db.pragma("synchronous = NORMAL");
  db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
}

function unusable(path: string, error: unknown): unknown {
  const passing = passingCause(error);
  if (passing !== undefined)
    return new DatabaseAway(`Cannot open database '${path}': got ${passing}`);
  if (!(error instanceof Database.SqliteError)) return error;
  const rule =
    error.code === "SQLITE_NOTADB"
      ? `must be a SQLite database: ${WAY_OUT}`
      : `must be usable: got ${error.message} (${error.code})`;
  return new Failure(`Cannot open database '${path}': ${rule}`);
}
