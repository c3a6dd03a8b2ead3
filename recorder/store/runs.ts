import type { Connection } from "./connection.js";

/** One run of one process, and how far it is recorded. */
export interface Run {
  readonly source: number;
  readonly wan: number;
  readonly name: string;
  readonly boot: string;
  readonly lastSeq: number;
  /** null before the first frame */
  readonly lastAtMs: number | null;
  /** 1: ended, and its end is recorded. 2: gone; how it ended is known when the next run of its name begins. */
  readonly isClosed: 0 | 1 | 2;
}

/** The last run of a controller that ended without `stopping`. */
export interface LastRun {
  readonly wan: string;
  readonly boot: string;
  readonly lastSeq: number;
  readonly lastAtMs: number;
  /** Its silence was reported already. */
  readonly wasTold: boolean;
}

/** The `source` table. */
interface Runs {
  find(name: string, boot: string): Run | undefined;
  begin(name: string, boot: string, at: number): Run;
  advance(source: number, seq: number, at: number): void;
  /** A frame older than the first known one. */
  begunBy(source: number, at: number): void;
  /** Runs that are not closed, at most a thousand. */
  open(): Run[];
  /** Last runs with a frame since `fromMs`, newest first. */
  unfinished(fromMs: number): LastRun[];
}

/** Runs watched for silence; limited, as anyone with access to the socket can invent names. */
export const UNFINISHED_MAX = 32;

/** Open runs read at once; there are more only after a flood. */
const OPEN_MAX = 1_000;

const SELECT = `select s.id as source, s.wan, w.name, s.boot, s.last_seq as lastSeq,
    iif(s.last_seq = 0, null, s.last_at_ms) as lastAtMs, s.closed as isClosed
  from source s join wan w on w.id = s.wan`;

export function openRuns(db: Connection): Runs {
  const find = db.prepare<[string, string], Run>(
    `${SELECT} where w.name = ? and s.boot = ?`,
  );
  const unfinished = db.prepare<
    [number, number],
    Omit<LastRun, "wasTold"> & { readonly wasTold: 0 | 1 }
  >(
    `select w.name as wan, s.boot, s.last_seq as lastSeq, s.last_at_ms as lastAtMs,
         exists (select 1 from event where at_ms >= s.last_at_ms and kind = 'controller_silent'
           and details ->> 'boot' = s.boot) as wasTold
       from source s join wan w on w.id = s.wan
       where s.id in (select max(id) from source group by wan)
         and s.last_seq > 0 and s.last_at_ms >= ? and w.name <> 'recorder'
         and not exists (select 1 from event where source = s.id and kind = 'stopping' and at_ms > s.last_at_ms - 60000)
       order by s.last_at_ms desc limit ?`,
  );
  const open = db.prepare<[], Run>(
    `${SELECT} where s.closed = 0 limit ${OPEN_MAX}`,
  );
  const wake = db.prepare(
    "update source set closed = 0 where closed = 2 and wan = (select id from wan where name = ?)",
  );
  const addWan = db.prepare(
    "insert into wan (name) values (?) on conflict (name) do nothing",
  );
  const add = db.prepare(
    `insert into source (wan, boot, first_at_ms, last_at_ms, last_seq, closed)
       select id, ?, ?, ?, 0, 0 from wan where name = ?`,
  );
  const advance = db.prepare(
    "update source set last_seq = ?, last_at_ms = ? where id = ?",
  );
  const begunBy = db.prepare(
    "update source set first_at_ms = min(first_at_ms, ?) where id = ?",
  );
  return {
    find: (name, boot) => find.get(name, boot),
    open: () => open.all(),
    unfinished: (fromMs) =>
      unfinished
        .all(fromMs, UNFINISHED_MAX)
        .map((run) => ({ ...run, wasTold: run.wasTold === 1 })),
    begin(name, boot, at) {
      addWan.run(name);
      wake.run(name);
      add.run(boot, at, at, name);
      return find.get(name, boot) as Run;
    },
    advance: (source, seq, at) => void advance.run(seq, at, source),
    begunBy: (source, at) => void begunBy.run(at, source),
  };
}
