import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { recoveryOf, type Recovery } from "../../../recorder/health/health.js";
import {
  openTroubles,
  type Troubles,
} from "../../../recorder/health/troubles.js";
import { type Intake, openIntake } from "../../../recorder/ingest/intake.js";
import { type Journal, openJournal } from "../../../recorder/journal.js";
import type { Maintenance } from "../../../recorder/maintenance/maintenance.js";
import { Database } from "../../../recorder/store/connection.js";
import {
  type LastingStore,
  openLastingStore,
} from "../../../recorder/store/lasting-store.js";
import { encodeFrame, FrameError } from "../../../shared/contract/frame.js";
import { cycles } from "../../fakes/frames.js";
import { handClock, type HandClock } from "../../fakes/hand-clock.js";
import { collectedLog } from "../collected-log.js";
import { readRows, temporaryFolder } from "../temporary.js";
import { openUpkeepOf } from "../upkeep-of.js";

describe("Troubles", () => {
  const folder = temporaryFolder();
  let clock: HandClock;
  let store: LastingStore;
  let intake: Intake;
  let journal: Journal;
  let maintenance: Maintenance;
  let troubles: Troubles;
  beforeEach(() => {
    clock = handClock();
    const log = collectedLog();
    store = openLastingStore(join(folder.path, "metrics.db"), clock);
    intake = openIntake(store, clock, log);
    journal = openJournal(store, clock, log);
    maintenance = openUpkeepOf(store, clock, log);
    troubles = openTroubles(store, intake, maintenance, journal, clock);
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const seconds = (
    count: number,
    work: (second: number) => void = () => {},
  ) => {
    for (let i = 1; i <= count; i++) {
      work(i);
      store.check();
      intake.commit();
      troubles.look();
      journal.flush();
      clock.advance(1_000);
    }
  };
  const events = () =>
    readRows(
      store.path,
      "select kind, details from events where wan_name = 'recorder' order by timestamp_ms",
    ).map(({ kind, details }) => [
      kind,
      JSON.parse(String(details)) as Record<string, unknown>,
    ]);
  const health = () =>
    recoveryOf(store, intake, maintenance, clock, {
      catchUp: { counts: {} },
      sync: { refused: 0, unsent: 0 },
      troubles,
      journal,
    } as unknown as Recovery);

  it("tells once that nothing can be written, and that it can again, in the history too (STOR-07)", () => {
    const other = new Database(store.path);
    other.exec("begin immediate");
    seconds(3);
    other.close();
    expect(health().reasons[0]).to.include("SQLITE_BUSY");
    seconds(2);
    const cause = "database is locked (SQLITE_BUSY)";
    expect(events()).to.deep.equal([
      ["database_lost", { cause }],
      ["database_back", { cause, lasted_ms: 3_000 }],
    ]);
    expect(health()).to.deep.include({ status: "fine" });
    expect(troubles.counts).to.include({ database_lost: 1, log_held: 0 });
  });

  it("records both of two controllers of one name, and tells when there is one again", () => {
    const [a, b] = ["a".repeat(16), "b".repeat(16)];
    seconds(4, (seq) => {
      for (const boot of [a, b])
        intake.take(encodeFrame(cycles([seq], { boot })[0]!));
    });
    expect(health().reasons).to.deep.equal([
      "two controllers use the name 'spectrum'",
    ]);
    seconds(12, (i) =>
      intake.take(encodeFrame(cycles([4 + i], { boot: a })[0]!)),
    );
    expect(events().map(([kind]) => kind)).to.deep.equal([
      "source_doubled",
      "source_single",
    ]);
    expect(events()[0]![1]).to.deep.equal({
      source: "spectrum",
      boots: `${a} ${b}`,
    });
    expect(
      readRows(
        store.path,
        "select boot, (select count(*) from cycle where source = s.id) as n from source s join wan w on w.id = s.wan where w.name = 'spectrum'",
      ),
    ).to.deep.equal([
      { boot: a, n: 16 },
      { boot: b, n: 4 },
    ]);
  });

  it("tells who floods, and when it is calm again", () => {
    intake.admits({ source: "att", boot: "a".repeat(16) });
    seconds(3, () => {
      for (let i = 0; i < 1_500; i++)
        intake.receive([Buffer.from("att/cycle"), Buffer.from([0xc1])]);
    });
    seconds(12);
    const of = events().filter(([kind]) => kind !== "frames_refused");
    expect(of).to.deep.equal([
      ["source_flooding", { source: "att", held: 500 }],
      ["source_calm", { source: "att", held: 500, lasted_ms: 12_000 }],
    ]);
    expect(intake.rateLimiter.held).to.equal(1_500);
  });

  //   second:  1 2 3 4 . . . . . . . . . . 15
  //   refused: m m m m                     k     one event for the four, one a minute for what does not end
  it("tells of a burst of refusals once, with its range, by reason (STOR-04)", () => {
    const first = clock.wall();
    const refuse = (fault: "msgpack" | "ahead") =>
      intake.refusals.add(new FrameError(fault, `no ${fault}`));
    seconds(4, () => {
      for (let i = 0; i < 50; i++) refuse("msgpack");
    });
    seconds(11);
    expect(events()).to.deep.equal([
      [
        "frames_refused",
        {
          fault: "msgpack",
          count: 200,
          from_ms: first,
          to_ms: first + 3_000,
          example: "no msgpack",
        },
      ],
    ]);
    seconds(150, () => refuse("ahead"));
    expect(events()).to.have.length(3);
    expect(health()["recorder"]).to.deep.include({ refused: 350 });
  });

  it("numbers its events anew in a new database, and misses none there", () => {
    journal.note("history_cut", {});
    seconds(1);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(store.path + suffix);
    seconds(2);
    expect(events().map(([kind]) => kind)).to.deep.equal(["database_replaced"]);
    expect(store.missing()).to.equal(0);
  });

  it("keeps no more than 64 events while nothing can be written, and counts the others", () => {
    const other = new Database(store.path);
    other.exec("begin immediate");
    for (let i = 0; i < 100; i++) journal.note("history_cut", { i });
    journal.flush();
    other.close();
    journal.flush();
    expect(events()).to.have.length(64);
    expect(journal.dropped).to.equal(36);
    expect(store.missing()).to.equal(0);
  });
});
