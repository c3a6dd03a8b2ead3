import type { WallMs } from "../../shared/runtime/clock.js";
import { Failure } from "../../shared/runtime/failure.js";
import type { Connection } from "./connection.js";

/** Days summed up from hours, and the triggers that maintain them. A migration: never change it, add another. */
const DAYS_SQL = `
  -- the hours of one series and one day (UTC), added up: a year is read from these
  create table day (
    series integer not null,
    day_ms integer not null,
    count integer not null,
    sum integer not null,
    min integer not null,
    max integer not null,
    primary key (series, day_ms)
  ) strict, without rowid;

  insert into day
    select series, bucket_ms - bucket_ms % 86400000 as day_ms, sum(count), sum(sum), min(min), max(max)
      from rollup where tier = 3 group by series, day_ms;

  create trigger hour_made after insert on rollup when new.tier = 3 begin
    insert into day values (
      new.series, new.bucket_ms - new.bucket_ms % 86400000, new.count, new.sum, new.min, new.max)
      on conflict (series, day_ms) do update set
        count = count + excluded.count, sum = sum + excluded.sum,
        min = min(min, excluded.min), max = max(max, excluded.max);
  end;

  create trigger hour_gone after delete on rollup when old.tier = 3 begin
    delete from day where series = old.series and day_ms = old.bucket_ms - old.bucket_ms % 86400000;
    insert into day
      select series, old.bucket_ms - old.bucket_ms % 86400000, sum(count), sum(sum), min(min), max(max)
        from rollup where tier = 3 and series = old.series
          and bucket_ms >= old.bucket_ms - old.bucket_ms % 86400000
          and bucket_ms < old.bucket_ms - old.bucket_ms % 86400000 + 86400000
        group by series;
  end;
  `;

/**
 * The migrations, in order; the schema version is the number of those applied. A released entry is never changed, only
 * followed by another; so it must not use constants of the program, except DAYS_SQL. Views are made by views.ts.
 */
export const MIGRATIONS: readonly string[] = [
  `
  create table schema_version (
    version integer primary key,
    applied_at_ms integer not null
  ) strict;

  create table wan (
    id integer primary key,
    name text not null unique
  ) strict;

  -- one run of one process, and how far it is recorded: every seq up to last_seq is stored, missing or in a gap;
  -- closed: it is over, and what it may have sent after last_seq is a gap without end
  create table source (
    id integer primary key,
    wan integer not null,
    boot text not null,
    first_at_ms integer not null,
    last_at_ms integer not null,
    last_seq integer not null,
    closed integer not null,
    unique (wan, boot)
  ) strict;

  -- when cycles were, so that a search by time finds the slots they lie in; of several at one instant one
  create table cycle_time (
    at_ms integer primary key
  ) strict;

  -- the cycles of a WAN and two seconds: when each was, as a letter, ms after the start of the slot plus one; how many
  -- bytes each has of the codes; what these mean: see packing.ts
  create table cycle_slot (
    id integer primary key,
    wan integer not null,
    slot integer not null,
    at text not null,
    bytes integer not null,
    source any,
    seq any,
    reading any,
    rtt_us any,
    load_rtt_us any,
    baseline_us any,
    delta_us any,
    lost any,
    state_download any,
    wanted_download_kbps any,
    enforced_download_kbps any,
    load_download_kbps any,
    target_download_us any,
    cause_download any,
    cause_download_us any,
    state_upload any,
    wanted_upload_kbps any,
    enforced_upload_kbps any,
    load_upload_kbps any,
    target_upload_us any,
    cause_upload any,
    cause_upload_us any,
    late_us any,
    missed any,
    publish_us any,
    codes blob not null,
    unique (wan, slot)
  ) strict;

  -- every byte, in order: one row
  create table alphabet (bytes blob not null) strict;
  insert into alphabet values (x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');

  -- cycles that share their millisecond with another, or whose numbers are too far apart
  create table cycle_plain (
    at_ms integer not null,
    wan integer not null,
    source integer not null,
    seq integer not null,
    reading integer not null,
    rtt_us integer,
    load_rtt_us integer,
    baseline_us integer,
    delta_us integer,
    lost integer not null,
    state_download integer not null,
    wanted_download_kbps integer not null,
    enforced_download_kbps integer,
    load_download_kbps integer,
    target_download_us integer not null,
    cause_download integer not null,
    cause_download_us integer,
    state_upload integer not null,
    wanted_upload_kbps integer not null,
    enforced_upload_kbps integer,
    load_upload_kbps integer,
    target_upload_us integer not null,
    cause_upload integer not null,
    cause_upload_us integer,
    late_us integer not null,
    missed integer not null,
    publish_us integer,
    primary key (at_ms, wan, source, seq)
  ) strict, without rowid;

  -- labels: canonical JSON, '' where there are none, so that unique holds
  create table series (
    id integer primary key,
    wan integer not null,
    metric text not null,
    labels text not null,
    unique (wan, metric, labels)
  ) strict;

  create table sample (
    series integer not null,
    at_ms integer not null,
    source integer not null,
    seq integer not null,
    value real not null,
    primary key (series, at_ms, source, seq)
  ) strict, without rowid;

  -- kind: 'transition', 'config' or the name of an event; details: JSON
  create table event (
    at_ms integer not null,
    source integer not null,
    seq integer not null,
    wan integer not null,
    kind text not null,
    details text not null,
    primary key (at_ms, source, seq)
  ) strict, without rowid;

  -- seqs not yet had; from_ms and to_ms: the frames around them, from_ms null before the first
  create table missing (
    source integer not null,
    from_seq integer not null,
    to_seq integer not null,
    from_ms integer,
    to_ms integer,
    primary key (source, from_seq)
  ) strict, without rowid;

  -- seqs never to be had: expired, gone or refused; to_seq and count null where nobody knows how many
  create table gap (
    source integer not null,
    from_seq integer not null,
    to_seq integer,
    from_ms integer,
    to_ms integer,
    count integer generated always as (to_seq - from_seq + 1) virtual,
    cause text not null,
    primary key (source, from_seq)
  ) strict, without rowid;

  -- tier: 1 is 1m, 2 is 5m, 3 is 1h. Cycle values in the units of the cycle table, samples in thousandths; last: the
  -- newest value, so long after the start of the bucket
  create table rollup (
    tier integer not null,
    series integer not null,
    bucket_ms integer not null,
    count integer not null,
    sum integer not null,
    min integer not null,
    max integer not null,
    last integer not null,
    last_after_ms integer not null,
    histogram blob,
    primary key (tier, bucket_ms, series)
  ) strict, without rowid;

  -- every bucket that is rolled up has a row, though it may have no value
  create table coverage (
    tier integer not null,
    wan integer not null,
    bucket_ms integer not null,
    cycles integer not null,
    missed integer not null,
    reply integer not null,
    none_yet integer not null,
    lost integer not null,
    asleep integer not null,
    no_link integer not null,
    green_download_ms integer not null,
    yellow_download_ms integer not null,
    soft_red_download_ms integer not null,
    red_download_ms integer not null,
    green_upload_ms integer not null,
    yellow_upload_ms integer not null,
    soft_red_upload_ms integer not null,
    red_upload_ms integer not null,
    primary key (tier, wan, bucket_ms)
  ) strict, without rowid;

  -- buckets to be rolled up again
  create table dirty (
    tier integer not null,
    wan integer not null,
    bucket_ms integer not null,
    primary key (tier, wan, bucket_ms)
  ) strict, without rowid;

  -- tier 0 is raw; until_ms: rolled up before it, dirty buckets aside; from_ms: expired before it; 0 where nothing is
  create table progress (
    tier integer not null,
    wan integer not null,
    until_ms integer not null,
    from_ms integer not null,
    primary key (tier, wan)
  ) strict, without rowid;
  `,
  `
  -- what a cut was made of; before there was this, null
  alter table cycle_slot add column bad_download any;
  alter table cycle_slot add column samples_download any;
  alter table cycle_slot add column carried_download_kbps any;
  alter table cycle_slot add column bad_upload any;
  alter table cycle_slot add column samples_upload any;
  alter table cycle_slot add column carried_upload_kbps any;
  alter table cycle_plain add column bad_download integer;
  alter table cycle_plain add column samples_download integer;
  alter table cycle_plain add column carried_download_kbps integer;
  alter table cycle_plain add column bad_upload integer;
  alter table cycle_plain add column samples_upload integer;
  alter table cycle_plain add column carried_upload_kbps integer;
  `,
  DAYS_SQL,
  `
  create index event_rare on event (at_ms, source, seq) where kind <> 'transition';
`,
  `
  -- WANs that have rows of a time yet to come: since when, and how far raw data expired while the clock was ahead
  create table ahead (
    wan integer primary key,
    since_ms integer not null,
    expired_ms integer,
    told integer not null
  ) strict;
  `,
  `
  -- sizes grow by 2^(1/16); what stands in rollup.histogram is of before: there they grow by 1.02 / 0.98
  alter table rollup add column sketch blob;
  `,
];

/**
 * Only reads, so that another program's file stays unchanged.
 * @throws Failure if the database is of a newer version or of another program
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

/** The same for readers. @throws Failure also if the version is older or the file empty */
export function demandNewest(db: Connection): void {
  demandOurs(db);
  const version = versionOf(db);
  if (version < MIGRATIONS.length)
    throw new Failure(
      `Cannot open database '${db.name}': must be of version ${MIGRATIONS.length}: got ${version}: start a recorder with it once`,
    );
}

/** Migrates a database to the newest version, each migration in one transaction. */
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

/** The number of applied migrations; 0 for a new file. */
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
