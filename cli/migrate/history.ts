import { resolve } from "node:path";
import {
  openOldDatabase,
  importHistory,
  type MigrationCounts,
} from "../../recorder/import/import.js";
import { lockDatabase, openDatabase } from "../../recorder/store/database.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { nameOf } from "./wan-file.js";

/** Shortest time between two lines of progress, ms. */
const PROGRESS_MS = 2_000;

/**
 * Imports the Python version's database into the recorder's, and reports what became of its rows.
 * @throws Failure if the recorder is running, or one of the files cannot be used
 */
export async function migrateHistory(file: string, to: string): Promise<void> {
  const path = resolve(to);
  await using _lock = await lockDatabase(
    path,
    `an import into '${path}'`,
    "its recorder is running",
  );
  using old = openOldDatabase(file);
  const db = openDatabase(path, systemClock.wall());
  try {
    print(`${file}: ${old.rows} rows of ${old.wans.join(", ")}`);
    print(
      pageOf(old.rows, withProgress(importHistory(old, db, nameOf), old.rows)),
    );
    db.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    db.close();
  }
}

function withProgress(
  work: ReturnType<typeof importHistory>,
  all: number,
): MigrationCounts {
  let shownAt = systemClock.mono();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (systemClock.mono() - shownAt < PROGRESS_MS) continue;
    shownAt = systemClock.mono();
    const until = new Date(value.atMs).toISOString().slice(0, 16);
    const percent = Math.floor((100 * value.rows) / Math.max(1, all));
    process.stderr.write(`${until}Z  ${percent} %  ${value.rows} rows\n`);
  }
}

/** Counts by outcome; each row read is in exactly one line. */
function pageOf(rows: number, counts: MigrationCounts): string {
  const { values, superseded, transitions, configurations, leftOut } = counts;
  const taken: [number, string][] = [
    [values, "values rolled up"],
    [superseded, "averages of times that have finer values"],
    [transitions, "changes of state"],
    [configurations, "configurations"],
  ];
  const left = [...leftOut].sort(([, a], [, b]) => b - a);
  const lost: [number, string][] = left.map(([why, n]) => [
    n,
    `left out: ${why}`,
  ]);
  const sum = [...taken, ...lost].reduce((all, [n]) => all + n, 0);
  const lines = [...taken, ...lost].filter(([n]) => n > 0);
  return [
    ...lines.map(([n, what]) => `${String(n).padStart(12)}  ${what}`),
    `${String(sum).padStart(12)}  of ${rows} rows`,
  ].join("\n");
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
