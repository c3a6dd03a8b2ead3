import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { openCatchUp } from "../../recorder/ingest/catch-up.js";
import { openIntake } from "../../recorder/ingest/intake.js";
import { range } from "../../recorder/query/range.js";
import { summary } from "../../recorder/query/summary.js";
import { Database } from "../../recorder/store/connection.js";
import { openStore } from "../../recorder/store/store.js";
import {
  decodeSync,
  encodeSync,
  SYNC_VERSION,
  type SyncMessage,
} from "../../shared/bus/sync.js";
import { FRAME_VERSION } from "../../shared/contract/frame.js";
import { cycle, sample, stamped, transition } from "../fakes/frames.js";
import { handClock } from "../fakes/hand-clock.js";
import { collectedLog } from "./collected-log.js";
import { readRows, temporaryFolder } from "./temporary.js";
import { HOUR_MS, openUpkeepOf } from "./upkeep-of.js";

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Numbers that no sum, loop or column may stumble over. */
const NUMBERS: readonly unknown[] = [
  ...[0, -1, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 36, 2 ** 40, 2 ** 42, 2 ** 53 - 1],
  ...[-(2 ** 31), -(2 ** 53), 1e308, -1e308, 5e-324, NaN, Infinity, -Infinity],
  ...[null, "7", true],
];

const MAKE = [cycle, transition, () => sample(1), () => sample(1e308)];
const BOOTS = ["a", "b", "c"].map((letter) => letter.repeat(16));

type Spoil = readonly [place: number, value: unknown];

/** Up to two of its fields, or of what lies in them, have another value. */
const SPOIL: fc.Arbitrary<readonly Spoil[]> = fc.array(
  fc.tuple(fc.nat(60), fc.constantFrom(...NUMBERS)),
  { maxLength: 2 },
);

function spoil<T extends object>(message: T, spoils: readonly Spoil[]): T {
  const spoilt = structuredClone(message) as Record<string, unknown>;
  for (const [place, value] of spoils) {
    const keys = Object.keys(spoilt);
    const key = keys[place % keys.length] ?? "";
    const inner: unknown = spoilt[key];
    if (Array.isArray(inner) && inner.length > 0)
      spoilt[key] = [spoil(inner[0] as object, [[place, value]])];
    else spoilt[key] = value;
  }
  return spoilt as T;
}

const boot = fc.constantFrom(...BOOTS);
const seq = fc.constantFrom(1, 2, 3, 9, 1_000, 10_001, 2 ** 36, 2 ** 53 - 1);
const mono = fc.constantFrom(0, 50, 100_000, 2 ** 42);

const step = fc.oneof(
  fc.record({
    kind: fc.constant("frame" as const),
    ...{ boot, seq, mono, spoils: SPOIL },
    make: fc.constantFrom(...MAKE),
    isNewer: fc.boolean(),
    agoMs: fc.constantFrom(0, 60_000, 50 * HOUR_MS),
    isAsked: fc.boolean(),
    times: fc.constantFrom(1, 2, 50),
  }),
  fc.record({
    kind: fc.constant("hello" as const),
    ...{ boot, first: seq, last: seq, spoils: SPOIL },
  }),
  fc.record({
    kind: fc.constant("resend" as const),
    ...{ boot, from: seq, spoils: SPOIL },
  }),
  fc.record({
    kind: fc.constant("time" as const),
    ms: fc.constantFrom(1_000, 70_000, 2 * HOUR_MS),
  }),
);

describe("the recorder, given numbers that nobody sends", () => {
  const folder = temporaryFolder();
  let count = 0;

  it("goes on, writes, rolls up and answers, whatever field has them (STOR-07)", () =>
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const clock = handClock();
        const path = join(folder.path, `${++count}.db`);
        const store = openStore(path, clock.wall());
        const log = collectedLog();
        const intake = openIntake(store, clock, log);
        const catchUp = openCatchUp(store, intake, clock);
        const maintenance = openUpkeepOf(store, clock, log);
        const settle = () => {
          intake.commit();
          expect(intake.failing).to.equal(null);
          while (maintenance.slice());
          expect(maintenance.figures.failing).to.equal(null);
        };
        const say = (message: object) => {
          const read = decodeSync(encodeSync(message as SyncMessage));
          if (read?.kind === "hello") catchUp.hello(read);
          else if (read?.kind === "resend")
            catchUp.resend(read, [Buffer.from("x")]);
        };
        for (const each of steps)
          if (each.kind === "frame") {
            const { boot, seq, mono, make, spoils } = each;
            const at = clock.wall() - each.agoMs;
            const v = each.isNewer ? 99 : FRAME_VERSION;
            for (let n = 0; n < each.times; n++) {
              const frame = stamped(make(), seq + n, { boot, at });
              const spoilt = spoil({ ...frame, v, mono }, spoils);
              intake.take(
                packr.pack(spoilt),
                each.isAsked ? { source: "spectrum", boot, seq } : undefined,
              );
            }
          } else if (each.kind === "time") {
            clock.advance(each.ms);
            settle();
          } else {
            const { kind, spoils, ...rest } = each;
            const { boot } = rest;
            const held = "first" in rest ? [{ ...rest }] : [];
            const v = SYNC_VERSION;
            const source = "spectrum";
            say(
              kind === "hello"
                ? spoil({ v, kind, source, held, leaving: false }, spoils)
                : spoil({ v, kind, source, boot, from: 1, done: true }, spoils),
            );
          }
        clock.advance(3 * HOUR_MS);
        settle();
        expect(store.missing()).to.be.a("number");
        const span = { fromMs: 0, toMs: clock.wall() };
        for (const work of [
          range(
            store.records,
            { ...span, resolution: { points: 100 } },
            clock.wall(),
          ),
          summary(store.records, span, clock.wall()),
        ])
          while (!work.next().done);
        void store[Symbol.asyncDispose]();
      }),
      { numRuns: Number(process.env["RUNS"] ?? 60) },
    )).timeout(120_000);

  it("counts what is missing in a database that has holes of any size (STOR-07)", async () => {
    const path = join(folder.path, "metrics.db");
    const clock = handClock();
    await openStore(path, clock.wall())[Symbol.asyncDispose]();
    const db = new Database(path);
    const add = db.prepare("insert into missing values (?, 1, ?, null, null)");
    for (let i = 1; i <= 1_100; i++) add.run(i, 2 ** 53 - 1);
    db.close();
    await using store = openStore(path, clock.wall());
    expect(store.missing()).to.be.closeTo(1_100 * 2 ** 53, 2 ** 53);
  });

  it("refuses a number that its run cannot have reached yet (STOR-07)", () => {
    const clock = handClock();
    const store = openStore(join(folder.path, "metrics.db"), clock.wall());
    const intake = openIntake(store, clock, collectedLog(), {
      uptimeMs: () => 3_600_000,
    });
    const take = (seq: number, mono: number) => {
      const frame = stamped(cycle(), seq, { at: clock.wall() });
      intake.take(packr.pack({ ...frame, mono }));
      return intake.refusals.byFault.field;
    };
    expect(take(10_000, 0)).to.equal(0);
    expect(take(10_001, 0)).to.equal(1);
    expect(take(10_001, 10)).to.equal(1);
    expect(take(300_000, 3_600_000)).to.equal(1);
    expect(take(300_001, 3_700_000)).to.equal(2);
    expect(intake.refusals.recent(clock.mono())).to.match(
      /'mono': at most the uptime of this machine: got 3700 s$/,
    );
    intake.commit();
    expect(readRows(store.path, "select seq from cycle")).to.have.length(3);
    void store[Symbol.asyncDispose]();
  });
});
