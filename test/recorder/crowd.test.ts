import { join } from "node:path";
import { expect } from "chai";
import { openIntake } from "../../recorder/ingest/intake.js";
import { NAMES_MAX } from "../../recorder/ingest/sources.js";
import { Database } from "../../recorder/store/connection.js";
import { SERIES_MAX } from "../../recorder/store/samples.js";
import { openStore } from "../../recorder/store/store.js";
import { encodeFrame } from "../../shared/contract/frame.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { cycle, sample, stamped } from "../fakes/frames.js";
import { handClock } from "../fakes/hand-clock.js";
import { collectedLog } from "./collected-log.js";
import { readRows, temporaryFolder } from "./temporary.js";
import { DAY_MS, openUpkeepOf } from "./upkeep-of.js";

const bootOf = (n: number) => n.toString(16).padStart(16, "0");

describe("a crowd on the bus", () => {
  const folder = temporaryFolder();
  const path = () => join(folder.path, "metrics.db");
  const rows = (sql: string) => readRows(path(), sql);
  const count = (table: string) =>
    Number(rows(`select count(*) as n from ${table}`)[0]?.["n"]);

  it("has no more than so many names, and those that are known stay (STOR-07)", async () => {
    const clock = handClock();
    await using store = openStore(path(), clock.wall());
    const intake = openIntake(store, clock, collectedLog());
    const say = (name: string, boot: number) => {
      const header = { source: name, boot: bootOf(boot), at: clock.wall() };
      intake.take(encodeFrame(stamped(cycle(), 1, header)));
    };
    for (let n = 0; n < 2 * NAMES_MAX; n++) say(`wan-${n}`, 1);
    say("wan-0", 2);
    intake.commit();
    expect(count("wan")).to.equal(NAMES_MAX);
    expect(count("source")).to.equal(NAMES_MAX + 1);
    expect(intake.refusals.byFault.limit).to.equal(NAMES_MAX);
    expect(intake.admits({ source: "one-more", boot: bootOf(1) })).to.equal(
      false,
    );

    const next = openIntake(store, clock, collectedLog());
    const known = { source: "wan-0", boot: bootOf(3) };
    expect(next.admits({ ...known, source: "one-more" })).to.equal(false);
    expect(next.admits(known)).to.equal(true);
  });

  it("has so many runs of a name at once, then one in ten seconds (STOR-07)", async () => {
    const clock = handClock();
    await using store = openStore(path(), clock.wall());
    const intake = openIntake(store, clock, collectedLog());
    const admitted = (from: number, to: number) => {
      let found = 0;
      for (let n = from; n < to; n++)
        if (intake.admits({ source: "spectrum", boot: bootOf(n) })) found++;
      return found;
    };
    expect(admitted(0, 200)).to.equal(64);
    expect(admitted(0, 64)).to.equal(64);
    clock.advance(100_000);
    expect(admitted(200, 300)).to.equal(10);
  });

  it("has so many series of a WAN; a sample of one more is a refused frame (STOR-07, INTG-04)", async () => {
    const clock = handClock();
    await using store = openStore(path(), clock.wall());
    const intake = openIntake(store, clock, collectedLog());
    for (let n = 1; n <= SERIES_MAX + 10; n++)
      intake.take(
        encodeFrame(
          stamped(sample(1, { n: String(n) }), n, { at: clock.wall() }),
        ),
      );
    intake.commit();
    expect(count("sample")).to.equal(SERIES_MAX);
    expect(rows("select from_seq, to_seq, cause from gap")).to.deep.equal([
      {
        from_seq: SERIES_MAX + 1,
        to_seq: SERIES_MAX + 10,
        cause: "refused",
      },
    ]);
    expect(intake.refusals.byFault.limit).to.equal(10);
    intake.take(
      encodeFrame(
        stamped(sample(2, { n: "7" }), SERIES_MAX + 11, { at: clock.wall() }),
      ),
    );
    intake.commit();
    expect(count("sample")).to.equal(SERIES_MAX + 1);
  });

  it("costs no more per series when there are many: a database that has twenty thousand is rolled up as before (STOR-03)", async () => {
    const clock = handClock();
    await using store = openStore(path(), clock.wall());
    const db = new Database(path());
    db.exec("insert into wan values (1, 'spectrum')");
    const addSeries = db.prepare("insert into series values (?, 1, 'm', ?)");
    const addSample = db.prepare("insert into sample values (?, ?, 1, ?, 1)");
    const fill = (series: number, from: number) => {
      db.transaction(() => {
        for (let id = from; id < from + series; id++) {
          addSeries.run(id, String(id));
          addSample.run(id, clock.wall(), id);
        }
      })();
      clock.advance(120_000);
    };
    const roll = () => {
      const begun = systemClock.mono();
      store.tend((upkeep) => {
        upkeep.touch(1);
        while (upkeep.rollUp(1, clock.wall()));
      });
      return systemClock.mono() - begun;
    };
    fill(2_000, 1);
    const few = roll();
    fill(20_000, 10_000);
    const many = roll();
    db.close();
    expect(count("rollup where tier = 1")).to.equal(22_000);
    // quadratic would be a hundred times
    expect(many / Math.max(few, 1)).to.be.below(50);
  });

  it("closes runs that are gone for good, and leaves their WAN alone (INTG-04)", async () => {
    const clock = handClock();
    await using store = openStore(path(), clock.wall());
    const intake = openIntake(store, clock, collectedLog());
    const maintenance = openUpkeepOf(store, clock);
    const say = (boot: number, at = clock.wall()) => {
      for (let n = 0; n < 40; n++)
        intake.take(
          encodeFrame(
            stamped(cycle(), 1, { source: `w${n}`, boot: bootOf(boot), at }),
          ),
        );
      intake.commit();
    };
    const pass = (ms: number) => {
      clock.advance(ms);
      intake.commit();
      while (maintenance.slice());
    };
    say(1);
    pass(1_000);
    pass(70_000);
    expect(count("source where closed = 0")).to.equal(0);
    pass(70_000);
    pass(DAY_MS / 6);
    const idle = store.tend((upkeep) =>
      upkeep.wans().filter((wan) => upkeep.isIdle(wan)),
    );
    expect(idle).to.have.length(40);
    // the next run says when the one before it has ended at the latest
    say(2);
    expect(count("source where closed = 0")).to.equal(40);
    pass(70_000);
    pass(70_000);
    expect(count("gap where cause = 'gone' and to_seq is null")).to.equal(40);
    expect(count("source where closed = 0")).to.equal(0);
    expect(count("coverage where tier = 3")).to.equal(40);
  });
});
