import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { recoveryOf, type Recovery } from "../../../recorder/health/health.js";
import { type Intake, openIntake } from "../../../recorder/ingest/intake.js";
import {
  type Connection,
  Database,
} from "../../../recorder/store/connection.js";
import { openStore, type Store } from "../../../recorder/store/store.js";
import {
  encodeFrame,
  type Frame,
  FRAME_VERSION,
} from "../../../shared/contract/frame.js";
import { BOOT, cycle, cycles, stamped } from "../../fakes/frames.js";
import { handClock, type HandClock } from "../../fakes/hand-clock.js";
import { collectedLog } from "../collected-log.js";
import { readRows, temporaryFolder } from "../temporary.js";
import { openUpkeepOf } from "../upkeep-of.js";

describe("Intake", () => {
  const folder = temporaryFolder();
  let clock: HandClock;
  let log: ReturnType<typeof collectedLog>;
  let store: Store;
  let intake: Intake;
  beforeEach(() => {
    clock = handClock();
    log = collectedLog();
    store = openStore(join(folder.path, "metrics.db"), clock.wall());
    intake = openIntake(store, clock, log, { waitingMax: 5 });
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const take = (frames: readonly Frame[]) => {
    for (const frame of frames) intake.take(encodeFrame(frame));
  };
  const stored = () =>
    readRows(store.path, "select seq from cycle order by seq").map(
      (row) => row["seq"],
    );
  const idle = { catchUp: { counts: {} }, sync: {} } as unknown as Recovery;
  const health = () =>
    recoveryOf(store, intake, openUpkeepOf(store, clock, log), clock, idle);

  it("commits what has come, in one go", () => {
    take(cycles([1, 2, 3]));
    expect(stored()).to.be.empty;
    intake.commit();
    expect(stored()).to.deep.equal([1, 2, 3]);
    expect(intake.counts).to.include({ frames: 3, committed: 3, holes: 0 });
    expect(intake.waiting).to.equal(0);
    expect(health()).to.include({ status: "fine" });
    expect(health()["sources"]).to.deep.equal([
      {
        name: "spectrum",
        boot: "0123456789abcdef",
        lastSeq: 3,
        lastAtMs: clock.wall() + 150,
        lagMs: -150,
      },
    ]);
  });

  it("takes a run that is only sent again for none that is alive (INTG-04)", () => {
    for (const frame of cycles([1, 2])) intake.take(encodeFrame(frame), frame);
    intake.commit();
    expect(stored()).to.deep.equal([1, 2]);
    expect(intake.sources.live()).to.be.empty;
  });

  it("commits the last batch when it is closed", async () => {
    take(cycles([1]));
    await intake[Symbol.asyncDispose]();
    expect(stored()).to.deep.equal([1]);
  });

  it("counts garbage, says so once, and goes on", () => {
    for (let i = 0; i < 100; i++) intake.take(Buffer.from([0xc1, i]));
    take(cycles([1]));
    intake.commit();
    expect(stored()).to.deep.equal([1]);
    expect(intake.refusals.byFault).to.include({ msgpack: 100, field: 0 });
    expect(log.events).to.deep.equal(["frame_refused", "source_seen"]);
    expect(health().reasons).to.deep.equal([
      "frames were refused in the last minute: Cannot read frame: must be one msgpack value",
    ]);
    clock.advance(60_000);
    expect(health().status).to.equal("fine");
  });

  it("takes from the bus what is of two parts and under its own topic", () => {
    const [first, second] = cycles([1, 2]).map(encodeFrame) as [Buffer, Buffer];
    const topic = Buffer.from("spectrum/cycle");
    intake.receive([topic, first]);
    intake.receive([Buffer.from("spectrum/event"), second]);
    intake.receive([Buffer.from([0xff, 0x2f]), second]);
    for (const parts of [[], [second], [topic, second, second]])
      intake.receive(parts);
    intake.receive([topic, Buffer.alloc(70_000)]);
    intake.commit();
    expect(stored()).to.deep.equal([1]);
    const { byFault } = intake.refusals;
    expect(byFault).to.include({ topic: 2, parts: 3, size: 1 });
  });

  it("takes a thousand frames of one source in a second, and all of another", () => {
    intake = openIntake(store, clock, log);
    for (let seq = 1; seq <= 3_000; seq++) {
      const [frame] = cycles([seq]) as [Frame];
      intake.receive([Buffer.from("spectrum/cycle"), encodeFrame(frame)]);
      if (seq % 150 !== 0) continue;
      const [other] = cycles([seq / 150], { source: "att" }) as [Frame];
      intake.receive([Buffer.from("att/cycle"), encodeFrame(other)]);
    }
    intake.commit();
    // the first of each is one of a name that nobody knows
    expect(intake.counts.committed).to.equal(1_021);
    expect(intake.rateLimiter.held).to.equal(1_999);
    expect(health().reasons).to.deep.equal([
      "'spectrum' sends more frames than a controller can: it is rate-limited",
    ]);
  });

  it("takes any bytes without an end", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        intake.take(bytes);
        intake.commit();
      }),
    ));

  // clock:        now ........ + 60 s |
  // frames:            taken          | refused
  it("refuses a frame from more than 60 s in the future (STOR-04)", () => {
    const now = clock.wall();
    take([
      stamped(cycle(), 1, { at: now + 60_000 }),
      stamped(cycle(), 2, { at: now + 60_001 }),
    ]);
    intake.commit();
    expect(stored()).to.deep.equal([1]);
    expect(intake.refusals.count).to.equal(1);
    expect(health().reasons[0]).to.include(
      "Cannot take frame of 'spectrum': at most 60 s ahead of this clock",
    );
  });

  it("counts keys it does not know, and takes the frame", () => {
    const frame = { ...cycles([1])[0]!, mood: "sunny" };
    take([frame]);
    expect(intake.counts).to.include({ frames: 1, unknownKeys: 1 });
  });

  describe("while the database cannot be written", () => {
    let other: Connection;
    beforeEach(() => {
      other = new Database(store.path);
      other.exec("begin immediate");
    });
    afterEach(() => void other.close());

    it("keeps the batch, says so, and writes it afterwards", () => {
      take(cycles([1, 2]));
      intake.commit();
      take(cycles([3]));
      intake.commit();
      expect(intake.waiting).to.equal(3);
      expect(health().reasons).to.deep.equal([
        "the database cannot be written: database is locked (SQLITE_BUSY): 3 frames are waiting",
      ]);
      other.exec("rollback");
      intake.commit();
      expect(stored()).to.deep.equal([1, 2, 3]);
      expect(health().status).to.equal("fine");
    });

    it("keeps no more beyond its bound, and lacks what its sender still holds (INTG-04)", () => {
      take(cycles([1, 2, 3, 4, 5, 6, 7]));
      intake.commit();
      other.exec("rollback");
      intake.commit();
      take(cycles([8]));
      intake.commit();
      expect(stored()).to.deep.equal([1, 2, 3, 4, 5, 8]);
      expect(intake.counts).to.include({ dropped: 2, holes: 1, gaps: 0 });
      expect(
        readRows(store.path, "select from_seq, to_seq from missing"),
      ).to.deep.equal([{ from_seq: 6, to_seq: 7 }]);
    });
  });

  describe("of what it cannot take", () => {
    const gaps = () =>
      readRows(store.path, "select from_seq, to_seq, cause from gap");

    it("makes a gap where it can tell which frame it was (INTG-04)", () => {
      const [bad] = cycles([2]) as [Frame];
      take([cycles([1])[0]!, { ...bad, reading: 99 } as unknown as Frame]);
      take([stamped(cycle(), 3, { at: clock.wall() + 90_000 })]);
      intake.take(Buffer.from([0xc1]), {
        source: "spectrum",
        boot: BOOT,
        seq: 4,
      });
      intake.commit();
      expect(gaps()).to.deep.equal([
        { from_seq: 2, to_seq: 4, cause: "refused" },
      ]);
      expect(intake.refusals.count).to.equal(3);
    });

    it("neither stores nor gives up a frame of a newer version", () => {
      const [newer] = cycles([2]) as [Frame];
      take([
        ...cycles([1]),
        { ...newer, v: FRAME_VERSION + 1 },
        ...cycles([3]),
      ]);
      intake.commit();
      expect(gaps()).to.be.empty;
      expect(stored()).to.deep.equal([1, 3]);
      expect(intake.ringAvailability.unreadableTo(newer)).to.equal(newer.seq);
    });
  });

  it("says when two controllers call themselves the same", () => {
    for (let seq = 1; seq <= 4; seq++) {
      take(cycles([seq], { boot: "a".repeat(16) }));
      take(cycles([seq], { boot: "b".repeat(16) }));
      clock.advance(1_000);
    }
    expect(health().reasons).to.deep.equal([
      "two controllers use the name 'spectrum'",
    ]);
  });
});
