import { createHash } from "node:crypto";
import { expect } from "chai";
import {
  type Connection,
  Database,
} from "../../../recorder/store/connection.js";
import {
  CYCLE_COLUMNS,
  type CycleValues,
  lettersOf,
  numbersOf,
  slotOf,
} from "../../../recorder/store/cycles/columns.js";
import { openPackedCycles } from "../../../recorder/store/cycles/packed.js";
import { pack } from "../../../recorder/store/cycles/packing.js";
import {
  demandOurs,
  migrate,
  MIGRATIONS,
} from "../../../recorder/store/migrations.js";
import { openBuckets } from "../../../recorder/store/rollup/buckets.js";
import { bucketOf } from "../../../recorder/tiers/rollup.js";
import { DIRECTIONS } from "../../../shared/contract/direction.js";
import { EVENTS } from "../../../shared/contract/event.js";
import {
  column,
  field,
  RARE_FIELDS,
  ROW_FIELDS,
} from "../../../shared/contract/row.js";
import { READINGS, STATES } from "../../../shared/contract/state.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import { CALM, NOON_MS } from "../../fakes/frames.js";

/** The calm cycle at an instant. */
const cycleAt = (atMs: number): CycleValues => ({
  ...CALM,
  atMs,
  source: 1,
  seq: atMs - NOON_MS + 1,
});

describe("migrate()", () => {
  const NOON = NOON_MS as WallMs;
  let db: Connection;
  beforeEach(() => {
    db = new Database(":memory:");
  });
  afterEach(() => void db.close());

  const applied = () => db.prepare("select * from schema_version").all();

  it("writes down what it applied, and applies it once (STOR-05)", () => {
    migrate(db, NOON);
    migrate(db, (NOON + 1) as WallMs);
    expect(applied()).to.deep.equal(
      MIGRATIONS.map((_, i) => ({ version: i + 1, applied_at_ms: NOON })),
    );
  });

  it("applies all of a migration or nothing (STOR-05)", () => {
    const broken = [...MIGRATIONS, "create table a (x); create tabel b (x)"];
    expect(() => migrate(db, NOON, broken)).to.throw("syntax error");
    expect(applied()).to.have.length(MIGRATIONS.length);
    expect(
      db.prepare("select 1 from sqlite_schema where name = 'a'").get(),
    ).to.equal(undefined);
  });

  it("goes on where an older program stopped (STOR-05)", () => {
    migrate(db, NOON);
    migrate(db, NOON, [...MIGRATIONS, "create table a (x)"]);
    expect(applied()).to.have.length(MIGRATIONS.length + 1);
    expect(() => demandOurs(db)).to.throw("upgrade wanctl");
  });

  it("keeps the cycles of a program that knew fewer of their columns, and adds to their slots (STOR-05)", () => {
    migrate(db, NOON, MIGRATIONS.slice(0, 1));
    const known = CYCLE_COLUMNS.slice(0, -RARE_FIELDS.length);
    const old = [0, 1].map((place) => cycleAt(NOON + 50 * place));
    const packed = pack(old.map(numbersOf))!;
    db.prepare(
      `insert into cycle_slot (wan, slot, at, bytes, codes, ${known.join(", ")}) values (1, ?, ?, ?, ?${", ?".repeat(known.length)})`,
    ).run(
      ...[slotOf(NOON), lettersOf(old), packed.bytesEach, packed.codes],
      ...packed.scales.slice(0, known.length),
    );
    migrate(db, NOON);
    const fresh = {
      ...cycleAt(NOON + 100),
      badDownload: 2,
      samplesDownload: 3,
      carriedDownloadKbps: 7_910,
    };
    const cycles = openPackedCycles(db);
    cycles.insert([{ wan: 1, cycle: fresh }]);
    expect(cycles.within(1, slotOf(NOON))).to.deep.equal([...old, fresh]);
  });

  it("makes the plain table of cycles as ROW says, and a scale for each of its columns", () => {
    migrate(db, NOON);
    const columns = db
      .prepare(
        "select name, type, \"notnull\" from pragma_table_info('cycle_plain')",
      )
      .all();
    const key = ["at_ms", "wan", "source", "seq"];
    expect(columns).to.deep.equal([
      ...key.map((name) => ({ name, type: "INTEGER", notnull: 1 })),
      ...ROW_FIELDS.map((name) => ({
        name: column(name),
        type: "INTEGER",
        notnull: field(name).nullMeans === undefined ? 1 : 0,
      })),
    ]);
    const scales = db
      .prepare("select name from pragma_table_info('cycle_slot')")
      .pluck()
      .all();
    expect(scales).to.have.members([
      ...["id", "wan", "slot", "at", "bytes", "source", "seq"],
      ...ROW_FIELDS.map(column),
      "codes",
    ]);
  });

  it("never changes what was released (STOR-05)", () =>
    expect(
      MIGRATIONS.map((sql) =>
        createHash("sha256").update(sql).digest("hex").slice(0, 16),
      ).slice(0, 5),
    ).to.deep.equal([
      "9fa14d916bd581d9",
      "6a607a9e8915eb60",
      "25c6f893c901fb87",
      "22f9fdfc4147fbe6",
      "4915d61d1e27676f",
    ]));

  it("stores and reads coverage by name, wherever a migration puts a column (STOR-03)", () => {
    migrate(db, NOON);
    db.exec("alter table coverage add column later integer not null default 7");
    const buckets = openBuckets(db);
    const bucket = bucketOf([{ ...CALM, atMs: NOON }], [], []);
    buckets.put("1m", 1, NOON, bucket);
    expect(buckets.between("1m", 1, NOON, NOON + 1)).to.deep.equal([bucket]);
  });

  it("makes the coverage table as the readings and states say (STOR-03)", () => {
    migrate(db, NOON);
    const names = db
      .prepare<[], string>("select name from pragma_table_info('coverage')")
      .pluck()
      .all();
    expect(names).to.deep.equal([
      ...["tier", "wan", "bucket_ms", "cycles", "missed"],
      ...READINGS,
      ...DIRECTIONS.flatMap((direction) =>
        STATES.map((state) => `${state.toLowerCase()}_${direction}_ms`),
      ),
    ]);
  });

  it("has an event table in which kinds cannot be mistaken", () =>
    expect(EVENTS).to.not.include.members(["transition", "config"]));
});
