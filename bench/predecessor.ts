import { Database } from "../recorder/store/connection.js";
import type { Frame } from "../shared/contract/frame.js";

/** How the predecessor kept its history: a row for each value, three indexes, states and rates as floats. */
export interface Predecessor extends Disposable {
  readonly path: string;
  /** One transaction. Returns how many rows it made. */
  write(frames: readonly Frame[]): number;
  /** One metric of one WAN. */
  read(wan: string, metric: string, fromMs: number, toMs: number): number;
  /** What is older, in batches, each a transaction. */
  expire(beforeMs: number, batch: number): number;
}

const SCHEMA = `
  create table if not exists metrics (
    id integer primary key autoincrement, timestamp integer not null, wan_name text not null,
    metric_name text not null, value real not null, labels text, granularity text default 'raw');
  create index if not exists by_time on metrics (timestamp);
  create index if not exists by_series on metrics (wan_name, metric_name, timestamp);
  create index if not exists by_granularity on metrics (granularity, timestamp);`;

export function openPredecessor(path: string): Predecessor {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  db.exec(SCHEMA);
  const insert = db.prepare(
    "insert into metrics (timestamp, wan_name, metric_name, value, labels, granularity) values (?, ?, ?, ?, ?, 'raw')",
  );
  const select = db
    .prepare(
      "select timestamp, value from metrics where wan_name = ? and metric_name = ? and timestamp >= ? and timestamp < ? order by timestamp desc",
    )
    .raw();
  const remove = db.prepare(
    "delete from metrics where id in (select id from metrics where timestamp < ? limit ?)",
  );
  const write = db.transaction((frames: readonly Frame[]) => {
    let rows = 0;
    for (const frame of frames)
      for (const [metric, value, labels] of valuesOf(frame)) {
        const second = Math.floor(frame.at / 1e3);
        insert.run(second, frame.source, metric, value, labels);
        rows++;
      }
    return rows;
  });
  return {
    path,
    write: (frames) => write(frames),
    read: (wan, metric, fromMs, toMs) =>
      select.all(wan, metric, fromMs / 1e3, toMs / 1e3).length,
    expire(beforeMs, batch) {
      let gone = 0;
      for (;;) {
        const { changes } = remove.run(beforeMs / 1e3, batch);
        gone += changes;
        if (changes < batch) return gone;
      }
    },
    [Symbol.dispose]() {
      db.pragma("wal_checkpoint(TRUNCATE)");
      db.close();
    },
  };
}

/** The six values of a cycle that had a measurement. */
function valuesOf(frame: Frame): [string, number, string | null][] {
  if (frame.kind !== "cycle" || frame.rttUs === null) return [];
  return [
    ["wanctl_rtt_ms", frame.rttUs / 1e3, null],
    ["wanctl_rtt_baseline_ms", (frame.baselineUs ?? 0) / 1e3, null],
    ["wanctl_rtt_delta_ms", (frame.deltaUs ?? 0) / 1e3, null],
    ["wanctl_rate_download_mbps", frame.wantedDownloadKbps / 1e3, null],
    ["wanctl_rate_upload_mbps", frame.wantedUploadKbps / 1e3, null],
    ["wanctl_state", frame.stateDownload, '{"direction": "download"}'],
  ];
}
