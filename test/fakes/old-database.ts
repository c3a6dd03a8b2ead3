import { Database } from "../../recorder/store/connection.js";

/** The schema of the Python wanctl's database, without a version or a unique key. */
const SCHEMA = `
  create table metrics (
    id integer primary key autoincrement,
    timestamp integer not null,
    wan_name text not null,
    metric_name text not null,
    value real not null,
    labels text,
    granularity text default 'raw'
  );
  create index idx_metrics_timestamp on metrics(timestamp);
  create index idx_metrics_wan_metric_time on metrics(wan_name, metric_name, timestamp);
  create index idx_metrics_granularity on metrics(granularity, timestamp);`;

export interface OldRowOf {
  readonly at: number;
  readonly metric: string;
  readonly value: number;
  readonly wan?: string;
  readonly labels?: object;
  readonly granularity?: "raw" | "1m" | "5m" | "1h";
}

/** Writes a database as the Python wanctl did: one connection, WAL, rows as they come. */
export function writeOldDatabase(
  path: string,
  rows: Iterable<OldRowOf>,
): number {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.exec(SCHEMA);
  const insert = db.prepare(
    "insert into metrics (timestamp, wan_name, metric_name, value, labels, granularity) values (?, ?, ?, ?, ?, ?)",
  );
  let count = 0;
  db.transaction(() => {
    for (const {
      at,
      wan = "spectrum",
      metric,
      value,
      labels,
      granularity = "raw",
    } of rows) {
      insert.run(
        at,
        wan,
        metric,
        value,
        labels === undefined ? null : JSON.stringify(labels),
        granularity,
      );
      count++;
    }
  })();
  db.close();
  return count;
}

/** What it wrote of a cycle: the state is the download's. */
export function* cycleRows(
  at: number,
  rttMs: number,
  more: Partial<OldRowOf> = {},
): Generator<OldRowOf> {
  const row = (metric: string, value: number, labels?: object): OldRowOf => ({
    ...{ at, metric, value },
    ...(labels === undefined ? {} : { labels }),
    ...more,
  });
  yield row("wanctl_rtt_ms", rttMs);
  yield row("wanctl_rtt_baseline_ms", 20);
  yield row("wanctl_rtt_delta_ms", rttMs - 20);
  yield row("wanctl_rate_download_mbps", 500);
  yield row("wanctl_rate_upload_mbps", 30);
  // the downsampler lost labels
  const isRaw = (more.granularity ?? "raw") === "raw";
  yield row(
    "wanctl_state",
    rttMs > 60 ? 3 : 0,
    isRaw ? { direction: "download" } : undefined,
  );
}
