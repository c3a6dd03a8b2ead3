import { chmodSync, closeSync, existsSync, openSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import type { WallMs } from "../../shared/runtime/clock.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { makeFolder } from "../../shared/runtime/files.js";
import { nameOfOwner, openLock } from "../../shared/runtime/lock.js";
import { isWritableFolder } from "../../shared/runtime/paths.js";
import {
  BUSY_MS,
  type Connection,
  Database,
  isDamage,
  passingCause,
} from "./connection.js";
import { identityOf, mayBeOurs, networkOf, setAside } from "./files.js";
import { demandNewest, demandOurs, migrate } from "./migrations.js";
import { remakeViews } from "./views.js";

/** How long a reader waits for a lock, ms: a recorder that starts or stops holds one briefly. */
const READER_BUSY_MS = 2_000;

/**
 * Opens a database file for reading, including its log.
 * @throws Failure if it does not exist, cannot be read, or is not of this version
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
    if (code === "ENOENT") refuse("must exist: got ENOENT");
    if (code === "SQLITE_NOTADB") refuse("must be a SQLite database");
    return refuse(
      `must be readable, with its folder: got ${message || reasonOf(error)}: copy it, with its -wal`,
    );
  }
}

/** The command that makes the database at `path` writable for this process. */
function commandToOwn(path: string): string {
  const folder = dirname(path);
  const user = me();
  if (!existsSync(folder)) return `install -d -o ${user} ${quoted(folder)}`;
  const places = isWritableFolder(folder) ? [] : [quoted(folder)];
  // with SQLite's log and index
  if (existsSync(path)) places.push(`${quoted(path)}*`);
  return `chown ${user}: ${places.join(" ")}`;
}

function me(): string {
  try {
    return userInfo().username;
  } catch {
    // the user may have no name
    return String(process.getuid?.());
  }
}

/** Quoted for a shell. */
const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

/**
 * Locks the database against other writers, under any of its paths: by its real path, and by its inode if it exists, as
 * it may have hard links. @throws Failure if another process holds it
 */
export async function lockDatabase(
  path: string,
  whose = `the recorder for '${path}'`,
  rule?: string,
): Promise<AsyncDisposable> {
  const name = await openLock(nameOfOwner("recorder", path), whose, rule);
  const identity = identityHere(path);
  if (identity === "") return name;
  try {
    const file = await openLock(`recorder-file:${identity}`, whose, rule);
    return {
      async [Symbol.asyncDispose]() {
        await file[Symbol.asyncDispose]();
        await name[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await name[Symbol.asyncDispose]();
    throw error;
  }
}

/** "" on an error, which is reported when the file is opened. */
function identityHere(path: string): string {
  try {
    return identityOf(path);
  } catch {
    return "";
  }
}

/** Owner and group; SQLite gives the -wal and -shm files the database's mode. */
const FILE_MODE = 0o660;

/** The write-ahead log is truncated to this size, bytes, after a checkpoint. */
const WAL_BYTES_KEPT = 64 * 2 ** 20;

/** Errors of the environment, which may pass: try again. */
const PASSING = ["EROFS", "ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE"];

/** The file or folder cannot be used at the moment. */
export class DatabaseAway extends Failure {}

/** The file is damaged and was set aside as `keptAs`. */
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
 * Opens a database file for writing beside readers; creates it with its folders and migrates it if necessary.
 * @throws Failure if the file or its folder cannot be used: DatabaseAway if that may pass, DatabaseDamaged if the next
 * try creates a new file
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
    // set aside before closing, or its log would be written into it
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

/** Creates the file and its folders, with fixed modes whatever the umask. */
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
  // before the first table and before WAL: later it would need a full VACUUM
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
