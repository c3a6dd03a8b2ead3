import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { type Connection, Database } from "../sqlite.js";
import type { OldRow } from "./old-row.js";

/** The Python wanctl's database, only read. Times are seconds since 1970. */
export interface OldDatabase extends Disposable {
  readonly rows: number;
  readonly wans: readonly string[];
  /** The first row's time from an instant on; null where there is none. */
  first(from: number): number | null;
  /** Rows from one instant to before another, oldest first, of all WANs. */
  between(from: number, to: number): IterableIterator<OldRow>;
}

const COLUMNS = [
  ...["id", "timestamp", "wan_name", "metric_name"],
  ...["value", "labels", "granularity"],
];

/** @throws Failure where it is none of its databases, or cannot be read */
export function openOldDatabase(path: string): OldDatabase {
  const db = opened(path);
  const first = db
    .prepare<[number], number | null>(
      "select min(timestamp) from metrics where timestamp >= ?",
    )
    .pluck();
  const between = db
    .prepare<[number, number]>(
      `select ${COLUMNS.join(", ")} from metrics where timestamp >= ? and timestamp < ? order by timestamp, id`,
    )
    .raw();
  const count = db.prepare<[], number>("select count(*) from metrics").pluck();
  const wans = db
    .prepare<[], string>("select distinct wan_name from metrics order by 1")
    .pluck();
  return {
    rows: count.get() ?? 0,
    wans: wans.all(),
    first: (from) => first.get(from) ?? null,
    between: (from, to) =>
      between.iterate(from, to) as IterableIterator<OldRow>,
    [Symbol.dispose]: () => void db.close(),
  };
}

function opened(path: string): Connection {
  const refuse = (rule: string): never => {
    throw new Failure(`Cannot open '${path}': ${rule}`);
  };
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    const names = db
      .prepare<[], string>("select name from pragma_table_info('metrics')")
      .pluck()
      .all();
    const missing = COLUMNS.filter((name) => !names.includes(name));
    if (missing.length === 0) return db;
    db.close();
    return refuse(
      `must be a database of the Python wanctl: its table 'metrics' lacks ${missing.join(", ")}`,
    );
  } catch (error) {
    if (error instanceof Failure) throw error;
    return refuse(`must be a readable SQLite database: got ${reasonOf(error)}`);
  }
}
