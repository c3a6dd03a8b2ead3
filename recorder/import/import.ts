import { HOUR_MS } from "../../shared/contract/units.js";
import { Failure, reasonOf } from "../../shared/runtime/failure.js";
import { type Connection, Database } from "../store/connection.js";
import {
  bucketStart,
  COARSER,
  eachRolledTier,
  FINEST_ROLLED,
  ROLLED_TIERS,
  type RolledTier,
  STEP_MS,
} from "../tiers/tier.js";
import {
  type ImportTarget,
  isWhole,
  openImportTarget,
} from "./import-target.js";
import {
  hourOf,
  meaningOf,
  type OldEvent,
  type OldRow,
  type OldSeries,
  type OldValue,
} from "./old-row.js";

/** The Python wanctl's database, read-only. Times are seconds since 1970. */
interface OldDatabase extends Disposable {
  readonly rows: number;
  readonly wans: readonly string[];
  /** Time of the first row from an instant on; null if there is none. */
  first(from: number): number | null;
  /** Rows of all WANs from `from` to `to` (exclusive), oldest first. */
  between(from: number, to: number): IterableIterator<OldRow>;
}

const COLUMNS = [
  ...["id", "timestamp", "wan_name", "metric_name"],
  ...["value", "labels", "granularity"],
];

/** @throws Failure if it is not a database of the Python wanctl, or cannot be read */
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

/** Result of the import: every row is counted in one of these. */
export interface MigrationCounts {
  values: number;
  /** Rows of a period for which finer ones exist. */
  superseded: number;
  transitions: number;
  configurations: number;
  /** Rows that were skipped, by reason. */
  readonly leftOut: Map<string, number>;
}

const OURS = "covered by the recorder's own history";
const BEFORE = "already imported";

/** Import state of one WAN. */
interface Taking {
  readonly wan: number;
  readonly idOf: (series: OldSeries) => number;
  /** Hours before this have been imported. */
  doneMs: number;
  /** Start of our own history; Infinity if there is none. */
  readonly ownFromMs: number;
  /** From where each tier is complete. */
  readonly fromMs: Record<RolledTier, number>;
  values: OldValue[];
  events: OldEvent[];
  /** By direction: the state after the last transition. */
  readonly states: Record<string, number>;
}

/**
 * Imports the Python wanctl's history, one hour per transaction. An interrupted import continues where it stopped; a
 * repeated one adds nothing.
 * @param nameOf our name of a WAN; null to skip the WAN
 */
export function* importHistory(
  old: OldDatabase,
  db: Connection,
  nameOf: (wan: string) => string | null,
): Generator<
  { readonly atMs: number; readonly rows: number },
  MigrationCounts
> {
  const importTarget = openImportTarget(db);
  const counts: MigrationCounts = {
    ...{ values: 0, superseded: 0, transitions: 0, configurations: 0 },
    leftOut: new Map(),
  };
  const leaveOut = (because: string) =>
    counts.leftOut.set(because, (counts.leftOut.get(because) ?? 0) + 1);
  const takings = new Map(
    old.wans.map((name) => {
      const ours = nameOf(name);
      return [name, ours === null ? null : takingOf(importTarget, ours)];
    }),
  );
  let rows = 0;
  for (let first = old.first(0); first !== null;) {
    const startMs = bucketStart("1h", first * 1000);
    const endMs = startMs + HOUR_MS;
    for (const row of old.between(startMs / 1000, endMs / 1000)) {
      rows++;
      const taking = takings.get(row[2]) ?? null;
      const meaning = meaningOf(row);
      if (taking === null) leaveOut(`WAN ${row[2]}: not a valid name`);
      else if (endMs <= taking.doneMs) {
        leaveOut(BEFORE);
        if (meaning.kind === "transition") follow(taking, meaning);
      } else if (startMs >= taking.ownFromMs) leaveOut(OURS);
      else if (meaning.kind === "left_out") leaveOut(meaning.because);
      else if (meaning.kind === "value") taking.values.push(meaning);
      else taking.events.push(meaning);
    }
    importTarget.together(() => {
      for (const taking of takings.values())
        if (taking !== null) take(importTarget, taking, counts);
    });
    yield { atMs: endMs, rows };
    first = old.first(endMs / 1000);
  }
  return counts;
}

function takingOf(importTarget: ImportTarget, name: string): Taking {
  const wan = importTarget.wan(name);
  const ids = new Map<OldSeries, number>(
    importTarget.series
      .ofCycle(wan)
      .map(({ field, series }) => [field, series]),
  );
  ids.set(
    "steering",
    importTarget.series.idOf(wan, "wanctl_steering_enabled", {}),
  );
  return {
    wan,
    idOf: (series) => ids.get(series) as number,
    doneMs: importTarget.untilMs(wan),
    ownFromMs: importTarget.ownFromMs(wan) ?? Infinity,
    fromMs: { ...eachRolledTier(() => 0) },
    ...{ values: [], events: [] },
    states: { download: 0, upload: 0 },
  };
}

/** Writes one hour of one WAN. */
function take(
  importTarget: ImportTarget,
  taking: Taking,
  counts: MigrationCounts,
): void {
  const { wan, values, events, idOf, fromMs } = taking;
  taking.values = [];
  taking.events = [];
  for (const event of events) takeEvent(importTarget, taking, event, counts);
  if (values.length === 0) return;
  const { buckets, superseded } = hourOf(values, idOf);
  const untilMs = endOf(values);
  let coarserMs = 0;
  for (const tier of [...ROLLED_TIERS].reverse()) {
    const averagedMs = endOf(
      values.filter((one) => one.tier === COARSER[tier]),
    );
    fromMs[tier] = Math.max(fromMs[tier], coarserMs, averagedMs);
    coarserMs = fromMs[tier];
  }
  for (const tier of ROLLED_TIERS)
    for (const [startMs, bucket] of buckets[tier])
      if (isWhole(tier, startMs, untilMs))
        importTarget.putBucket(tier, wan, startMs, bucket);
  importTarget.advance(wan, { untilMs, fromMs });
  taking.doneMs = untilMs;
  counts.values += values.length - superseded;
  counts.superseded += superseded;
}

/** The end of the last minute, or of the last bucket, that has values; 0 if there are no values. */
function endOf(values: readonly OldValue[]): number {
  let end = 0;
  for (const { tier, atMs } of values) {
    const own = tier === "raw" ? FINEST_ROLLED : tier;
    end = Math.max(end, bucketStart(own, atMs) + STEP_MS[own]);
  }
  return end;
}

function takeEvent(
  importTarget: ImportTarget,
  taking: Taking,
  event: OldEvent,
  counts: MigrationCounts,
): void {
  const { kind, atMs, id, details } = event;
  const whole = kind === "transition" ? follow(taking, event) : details;
  importTarget.putEvent(taking.wan, { atMs, seq: id, kind, details: whole });
  if (kind === "config") counts.configurations++;
  else counts.transitions++;
}

/** Adds the `from` state: that of the previous transition, or GREEN for the first. */
function follow({ states }: Taking, { details }: OldEvent): object {
  const direction = String(details["direction"]);
  const from = states[direction] ?? 0;
  states[direction] = Number(details["to"]);
  return { ...details, from };
}
