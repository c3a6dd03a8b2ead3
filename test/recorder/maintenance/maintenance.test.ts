import { statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { recoveryOf, type Recovery } from "../../../recorder/health/health.js";
import { openIntake } from "../../../recorder/ingest/intake.js";
import type {
  Maintenance,
  RetentionPolicy,
} from "../../../recorder/maintenance/maintenance.js";
import { Database } from "../../../recorder/store/connection.js";
import { RESERVE_PAGES } from "../../../recorder/store/disk.js";
import { openStore, type Store } from "../../../recorder/store/store.js";
import { ROLLED_TIERS, tierCode, TIERS } from "../../../recorder/tiers/tier.js";
import { METRICS } from "../../../shared/contract/metrics.js";
import type { Row } from "../../../shared/contract/row.js";
import { cycle, NOON_MS, stamped, transition } from "../../fakes/frames.js";
import { handClock, type HandClock } from "../../fakes/hand-clock.js";
import { collectedLog } from "../collected-log.js";
import { readRows, temporaryFolder } from "../temporary.js";
import { DAY_MS, HOUR_MS, openUpkeepOf, USUAL } from "../upkeep-of.js";

const MINUTE_MS = 60_000;

/** The ages the predecessor kept things for. */
const SOURCES: RetentionPolicy = {
  ...USUAL,
  keep: { ...USUAL.keep, raw: HOUR_MS, "1m": DAY_MS },
};

/** Nobody has anything to bring in. */
const IDLE = { catchUp: { counts: {} }, sync: {} } as unknown as Recovery;

describe("Maintenance", () => {
  const folder = temporaryFolder();
  let clock: HandClock;
  let log: ReturnType<typeof collectedLog>;
  let store: Store;
  let seq: number;
  beforeEach(() => {
    clock = handClock();
    log = collectedLog();
    store = openStore(join(folder.path, "metrics.db"), clock.wall());
    seq = 0;
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const rows = (sql: string) => readRows(store.path, sql);
  const count = (table: string) =>
    Number(rows(`select count(*) as n from ${table}`)[0]?.["n"]);
  const upkeep = (policy = USUAL) => openUpkeepOf(store, clock, log, policy);
  const finish = (maintenance: Maintenance) => {
    while (maintenance.slice());
  };
  /** Cycles of the time to come, `everyMs`, and the clock after them. */
  function record(forMs: number, everyMs: number, values: Partial<Row> = {}) {
    const begunMs = clock.wall();
    const frames = [];
    for (let ms = 0; ms < forMs; ms += everyMs)
      frames.push(
        stamped(cycle({ rttUs: 20_000 + (seq % 977), ...values }), ++seq, {
          at: begunMs + ms,
        }),
      );
    expect(store.commit(frames).kind).to.equal("committed");
    clock.advance(forMs);
  }

  for (const [settings, policy] of [
    ["the usual settings", USUAL],
    ["the sources' settings", SOURCES],
  ] as const)
    it(`keeps every moment of thirty days in some tier, and the size bounded, at ${settings} (STOR-02, STOR-03, STOR-04)`, () => {
      const maintenance = upkeep(policy);
      const pages: number[] = [];
      for (let day = 0; day < 30; day++) {
        for (let hour = 0; hour < 24; hour += 6) {
          record(6 * HOUR_MS, 15 * MINUTE_MS);
          finish(maintenance);
        }
        pages.push(maintenance.figures.sizes!.usedBytes);
      }
      for (let minute = 0; minute < 120; minute += 5) {
        record(5 * MINUTE_MS, 10_000);
        finish(maintenance);
      }
      clock.advance(10_000);
      finish(maintenance);
      // full coverage, in order, nothing twice: as many cycles as were sent
      const [once] = rows(
        `select sum(n) as n from (
           select count(*) as n from metrics_joined where granularity = 'raw' and metric_name = 'wanctl_rtt_ms'
           union all select sum(v.cycles) from metrics_joined m join coverage v
             on v.tier = case m.granularity ${ROLLED_TIERS.map((tier) => `when '${tier}' then ${tierCode(tier)}`).join(" ")} end and v.bucket_ms = m.timestamp_ms
             where m.granularity <> 'raw' and m.metric_name = 'wanctl_rtt_ms')`,
      );
      expect(once?.["n"]).to.equal(seq);
      const [whole] = rows(
        "select sum(cycles) as n from coverage where tier = 3",
      );
      expect(whole?.["n"]).to.equal(seq);
      for (const tier of TIERS) {
        const [seen] = rows(
          `select min(timestamp_ms) as oldest, max(timestamp_ms) as newest from metrics where granularity = '${tier}'`,
        );
        const ageMs = clock.wall() - Number(seen?.["oldest"]);
        expect(ageMs, tier).to.be.within(
          Math.min(policy.keep[tier], 30 * DAY_MS) - HOUR_MS,
          policy.keep[tier] + MINUTE_MS,
        );
        expect(clock.wall() - Number(seen?.["newest"])).to.be.below(
          3 * HOUR_MS,
        );
      }
      // once the finer tiers are full only hours are added: a row of at most 80 bytes for each series
      const hoursBytes = 15 * 24 * METRICS.length * 80;
      expect(pages.at(-1)! - pages[14]!).to.be.below(hoursBytes);
      expect(count("dirty")).to.equal(0);
      expect(maintenance.figures.lagMs["1h"]).to.be.below(HOUR_MS);
    });

  it("lets events expire, and gaps with them (STOR-02)", () => {
    store.commit([stamped(transition(), 3)]);
    store.commit([], { firstHeld: () => 3, presence: () => "offered" });
    const maintenance = upkeep({ ...USUAL, eventMs: 10 * DAY_MS });
    clock.advance(10 * DAY_MS - 1);
    finish(maintenance);
    expect([count("event"), count("gap")]).to.deep.equal([1, 1]);
    clock.advance(2 * MINUTE_MS);
    finish(maintenance);
    expect([count("event"), count("gap")]).to.deep.equal([0, 0]);
  });

  //   wall:   day 0 ... day 3 | day 403 .... | day 3 .... + 1 h |
  //   raw:    recorded          not deleted    not deleted      | what is older than 48 h goes
  it("loses no row to a clock that goes 400 days ahead and comes back (STOR-04)", () => {
    const maintenance = upkeep();
    record(DAY_MS, 10 * MINUTE_MS);
    finish(maintenance);
    const before = TIERS.slice(1).map((_, i) =>
      count(`coverage where tier = ${i + 1}`),
    );
    clock.step(400 * DAY_MS);
    record(50 * MINUTE_MS, MINUTE_MS);
    finish(maintenance);
    clock.advance(9 * MINUTE_MS);
    finish(maintenance);
    expect(count("cycle")).to.equal(seq);
    expect(maintenance.clockWatch.holdMs()).to.be.above(0);

    clock.step(-400 * DAY_MS);
    finish(maintenance);
    record(50 * MINUTE_MS, MINUTE_MS);
    finish(maintenance);
    clock.advance(8 * MINUTE_MS);
    finish(maintenance);
    expect(count("cycle")).to.equal(seq);
    expect(maintenance.figures.expired).to.equal(0);
    for (const [i, n] of before.entries())
      expect(count(`coverage where tier = ${i + 1}`)).to.be.at.least(n);
    expect(
      rows(
        "select wan_name, kind, json_extract(details, '$.jump_ms') / 86400000 as days from events order by timestamp_ms desc",
      ).map((row) => Object.values(row)),
    ).to.deep.equal([
      ["recorder", "retention_held", 400],
      ["recorder", "history_ahead", null],
      ["recorder", "retention_held", -400],
    ]);

    clock.advance(2 * DAY_MS);
    finish(maintenance);
    expect(count("cycle")).to.be.below(seq);
    // what came while the clock was wrong is rolled up with its neighbours
    expect(count("dirty")).to.equal(0);
  });

  it("deletes nothing for an hour where it starts long after the newest frame (STOR-04)", () => {
    record(HOUR_MS, MINUTE_MS);
    clock.advance(400 * DAY_MS);
    const maintenance = upkeep();
    finish(maintenance);
    expect(maintenance.figures.expired).to.equal(0);
    expect(count("cycle")).to.equal(60);
    clock.advance(HOUR_MS);
    finish(maintenance);
    expect(count("cycle")).to.equal(0);
  });

  it("cuts the oldest cycles, then the oldest minutes, where there is too much, and says so (STOR-07)", () => {
    const roomy = upkeep();
    record(10 * HOUR_MS, 1_000);
    finish(roomy);
    const used = roomy.figures.sizes!.usedBytes;
    const maintenance = upkeep({ ...USUAL, maxBytes: used / 2 });
    finish(maintenance);
    expect(maintenance.figures.sizes!.usedBytes).to.be.within(
      0.3 * used,
      0.5 * used,
    );
    const [raw] = rows("select min(at_ms) as oldest, count(*) as n from cycle");
    expect(Number(raw?.["oldest"])).to.be.above(NOON_MS + HOUR_MS);
    expect(Number(raw?.["n"])).to.be.above(1_000);
    expect(count("coverage where tier = 1")).to.be.within(599, 600);

    const narrow = upkeep({ ...USUAL, maxBytes: used / 10 });
    finish(narrow);
    expect(count("cycle")).to.be.at.most(60);
    expect(count("coverage where tier = 1")).to.be.below(300);
    expect(count("coverage where tier = 3")).to.be.within(9, 10);
    expect(rows("select kind from events")).to.deep.equal([
      { kind: "history_cut" },
      { kind: "history_cut" },
    ]);
    expect(log.events.filter((each) => each === "history_cut")).to.have.length(
      2,
    );
  });

  it("cuts where the disk is nearly full, and says when nothing more may go (STOR-07)", () => {
    record(HOUR_MS, 10_000);
    clock.advance(10_000);
    const maintenance = upkeep({ ...USUAL, minFreeBytes: 2 ** 60 });
    finish(maintenance);
    expect(count("cycle")).to.equal(0);
    expect(count("coverage where tier = 3")).to.equal(1);
    const intake = openIntake(store, clock, log);
    const { status, reasons } = recoveryOf(
      store,
      intake,
      maintenance,
      clock,
      IDLE,
    );
    expect(status).to.equal("degraded");
    expect(reasons[0]).to.match(
      /^the history must leave storage\.min_free_mb \d+: got \d+: nothing more may be deleted$/,
    );
  });

  it("gives the room of what it deleted back to the file system (STOR-04)", () => {
    record(10 * HOUR_MS, 1_000);
    const maintenance = upkeep();
    finish(maintenance);
    clock.advance(60 * HOUR_MS);
    finish(maintenance);
    clock.advance(2 * MINUTE_MS);
    finish(maintenance);
    expect(count("cycle")).to.equal(0);
    store.tend((keep) => keep.checkpoint());
    const { usedBytes } = maintenance.figures.sizes!;
    expect(statSync(store.path).size - usedBytes).to.be.at.most(
      4096 * RESERVE_PAGES,
    );
    expect(maintenance.figures.vacuumedPages).to.be.above(50);
  });

  it("cuts a log that grew behind a reader when the reader has gone, and says so before (STOR-04)", () => {
    const maintenance = upkeep();
    record(MINUTE_MS, 1_000);
    const reader = new Database(store.path, { readonly: true });
    reader.exec("begin; select count(*) from cycle");
    reader.prepare("select count(*) from cycle").get();
    const other = new Database(store.path);
    other.exec("create table ballast (bytes blob)");
    other.exec(`insert into ballast values (zeroblob(${66 * 2 ** 20}))`);
    other.close();
    finish(maintenance);
    const intake = openIntake(store, clock, log);
    expect(
      recoveryOf(store, intake, maintenance, clock, IDLE).reasons[0],
    ).to.match(
      /^the write-ahead log is \d+ MB: a reader keeps a transaction open/,
    );
    reader.close();
    clock.advance(MINUTE_MS);
    while (maintenance.slice());
    expect(store.size().walBytes).to.be.below(2 ** 20);
  });

  it("says what it cannot do, and does it later", () => {
    const maintenance = upkeep();
    record(HOUR_MS, MINUTE_MS);
    const other = new Database(store.path);
    other.exec("begin immediate");
    expect(maintenance.slice()).to.equal(false);
    expect(maintenance.figures.failing).to.include("SQLITE_BUSY");
    other.close();
    finish(maintenance);
    expect(maintenance.figures.failing).to.equal(null);
    expect(log.events).to.deep.equal([
      "maintenance_failed",
      "maintenance_back",
    ]);
  });
});
