import type { Connection } from "../store/connection.js";
import { openCycles } from "../store/cycles/cycles.js";
import { openBuckets } from "../store/rollup/buckets.js";
import { openProgress } from "../store/rollup/progress.js";
import { openRuns } from "../store/runs.js";
import { openSampleStore, openSeries, type Series } from "../store/samples.js";
import type { Bucket } from "../tiers/rollup.js";
import {
  bucketEnd,
  bucketStart,
  COARSEST,
  ROLLED_TIERS,
  type RolledTier,
} from "../tiers/tier.js";

/** An imported event. */
interface InheritedEvent {
  readonly atMs: number;
  /** Unique within the WAN and instant. */
  readonly seq: number;
  readonly kind: string;
  readonly details: object;
}

/** Where the imported part of a WAN ends, and from where each tier is complete. */
interface ImportState {
  readonly untilMs: number;
  readonly fromMs: Readonly<Record<RolledTier, number>>;
}

/** Writes imported data, in whole hours and in order of time, as if it had been rolled up here. */
export interface ImportTarget {
  readonly series: Series;
  /** The id of the WAN, created if missing. */
  wan(name: string): number;
  /** How far the import has got; 0 before the first hour. */
  untilMs(wan: number): number;
  /** The hour in which our own history begins, before which the import ends; null if there is none. */
  ownFromMs(wan: number): number | null;
  putBucket(
    tier: RolledTier,
    wan: number,
    startMs: number,
    bucket: Bucket,
  ): void;
  /** @returns false if it already exists */
  putEvent(wan: number, event: InheritedEvent): boolean;
  advance(wan: number, state: ImportState): void;
  /** Runs work in one transaction. */
  together(work: () => void): void;
}

/** The boot id of the run that imported rows belong to. */
const BOOT = "0000000000000000";

export function openImportTarget(db: Connection): ImportTarget {
  const runs = openRuns(db);
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  const cycles = openCycles(db);
  const samples = openSampleStore(db);
  const addWan = db.prepare(
    "insert into wan (name) values (?) on conflict (name) do nothing",
  );
  const findWan = db
    .prepare<[string], number>("select id from wan where name = ?")
    .pluck();
  // a negative id, below those of all real runs, so that it does not continue another run
  const begin = db.prepare(
    `insert into source (id, wan, boot, first_at_ms, last_at_ms, last_seq, closed)
       values (-@wan, @wan, '${BOOT}', 0, 0, 0, 1) on conflict do nothing`,
  );
  const until = db
    .prepare<[number], number>("select last_at_ms from source where id = -?")
    .pluck();
  const addEvent = db.prepare(
    "insert into event (at_ms, source, seq, wan, kind, details) values (?, ?, ?, ?, ?, ?) on conflict do nothing",
  );

  return {
    series: openSeries(db),
    wan(name) {
      addWan.run(name);
      const wan = findWan.get(name) as number;
      begin.run({ wan });
      return wan;
    },
    untilMs: (wan) => until.get(wan) ?? 0,
    ownFromMs(wan) {
      const inheritedMs = until.get(wan) ?? 0;
      const starts = [
        cycles.oldestMs(wan),
        samples.firstMs(wan, 0),
        ...ROLLED_TIERS.map((tier) => buckets.firstMs(tier, wan, inheritedMs)),
      ].filter((ms) => ms !== null);
      return starts.length === 0
        ? null
        : bucketStart(COARSEST, Math.min(...starts));
    },
    putBucket: (...what) => buckets.put(...what),
    putEvent: (wan, { atMs, seq, kind, details }) =>
      addEvent.run(atMs, -wan, seq, wan, kind, JSON.stringify(details))
        .changes > 0,
    advance(wan, { untilMs, fromMs }) {
      runs.advance(-wan, 0, untilMs);
      progress.expiredBefore("raw", wan, untilMs);
      for (const tier of ROLLED_TIERS) {
        progress.rolledUntil(tier, wan, bucketStart(tier, untilMs));
        progress.expiredBefore(tier, wan, fromMs[tier]);
      }
    },
    together: (work) => db.transaction(work).immediate(),
  };
}

/** Whether a bucket ends before an instant; others are rolled up here once they end. */
export const isWhole = (
  tier: RolledTier,
  startMs: number,
  untilMs: number,
): boolean => bucketEnd(tier, startMs) <= untilMs;
