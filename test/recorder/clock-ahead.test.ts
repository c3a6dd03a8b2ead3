import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { openIntake } from "../../recorder/ingest/intake.js";
import { range } from "../../recorder/query/range.js";
import { openStore, type Store } from "../../recorder/store/store.js";
import { encodeFrame, type Frame } from "../../shared/contract/frame.js";
import { cycle, stamped } from "../fakes/frames.js";
import { handClock, type HandClock } from "../fakes/hand-clock.js";
import { collectedLog } from "./collected-log.js";
import { readRows, temporaryFolder } from "./temporary.js";
import { DAY_MS, HOUR_MS, openUpkeepOf } from "./upkeep-of.js";

const MINUTE_MS = 60_000;

/** By how much a clock is wrong, and for how long; whether the recorder is started anew with it. */
const SPELLS = fc.array(
  fc.record({
    aheadMs: fc.constantFrom(
      2 * HOUR_MS,
      DAY_MS,
      3 * DAY_MS,
      400 * DAY_MS,
      70 * 365 * DAY_MS,
      -DAY_MS,
      -20 * 365 * DAY_MS,
    ),
    minutes: fc.constantFrom(20, 100, 150),
    restarts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

describe("a clock that was wrong", () => {
  const folder = temporaryFolder();
  let place = 0;
  let store: Store;
  let clock: HandClock;
  let seq: number;
  let slice: () => boolean;
  let intake: ReturnType<typeof openIntake>;
  let log: ReturnType<typeof collectedLog>;

  function start() {
    store = openStore(join(folder.path, `${place}.db`), clock.wall());
    intake = openIntake(store, clock, log);
    const maintenance = openUpkeepOf(store, clock, log);
    slice = () => maintenance.slice();
  }
  function begin() {
    place++;
    [clock, log, seq] = [handClock(), collectedLog(), 0];
    start();
    record(150);
  }
  const stop = () => store[Symbol.asyncDispose]();
  async function restart() {
    await stop();
    clock.advance(1_000);
    start();
  }
  /** A cycle a minute, seen to every five. */
  function record(minutes: number): number[] {
    const times: number[] = [];
    for (let i = 0; i < minutes; i += 5) {
      for (let n = 0; n < 5; n++) {
        clock.advance(MINUTE_MS);
        const at = clock.wall();
        times.push(at);
        const frame: Frame = stamped(cycle(), ++seq, { at });
        intake.take(encodeFrame(frame));
        intake.commit();
      }
      while (slice());
    }
    return times;
  }
  const rows = (sql: string, ...values: unknown[]) =>
    readRows(store.path, sql, ...values);
  const count = (sql: string, ...values: unknown[]) =>
    Number(rows(`select count(*) as n from ${sql}`, ...values)[0]?.["n"]);
  const answer = (fromMs: number, toMs: number) => {
    const query = { fromMs, toMs, resolution: "cycle" } as const;
    const work = range(store.records, query, clock.wall());
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
    }
  };

  it("loses no cycle of the present, whatever it was set to before (STOR-04)", () =>
    fc.assert(
      fc.asyncProperty(SPELLS, fc.boolean(), async (spells, restarts) => {
        begin();
        try {
          for (const { aheadMs, minutes, restarts } of spells) {
            clock.step(aheadMs);
            if (restarts) await restart();
            record(minutes);
            clock.step(-aheadMs);
            if (restarts) await restart();
            const here = record(20);
            expect(
              count(
                "cycle where at_ms between ? and ?",
                here[0]!,
                here.at(-1)!,
              ),
            ).to.be.at.least(here.length);
          }
          if (restarts) await restart();
          const today = record(150);
          const [from = 0, to = 0] = [today[0], today.at(-1)];
          const here = count("cycle where at_ms between ? and ?", from, to);
          expect(here).to.be.at.least(today.length);
          for (const what of ["until_ms", "from_ms"])
            expect(
              count(`progress where ${what} > ?`, clock.wall()),
              what,
            ).to.equal(0);
          const rolled = `coverage where tier = 1 and cycles >= 1 and bucket_ms between ? and ?`;
          expect(count(rolled, from, to)).to.be.at.least(146);
          const { data, metadata } = answer(from, clock.wall() + 1);
          const rtt = data.find(({ metric }) => metric === "wanctl_rtt_ms");
          expect(rtt?.at).to.include.members(today);
          // one cycle a minute instead of twenty a second
          const [wan] = metadata.wans;
          expect(wan?.coverage).to.be.at.least(0.99 / 1_200);
        } finally {
          await stop();
        }
      }),
      { numRuns: 12 },
    )).timeout(180_000);

  it("says once what lies ahead and what was lost, and lets it go when its time is over (STOR-02, STOR-04)", async () => {
    begin();
    const yearsMs = 70 * 365 * DAY_MS;
    const lost = count("cycle");
    clock.step(yearsMs);
    record(150);
    expect(count("cycle where at_ms < ?", clock.wall() - yearsMs)).to.equal(0);
    expect(lost).to.be.above(0);
    clock.step(-yearsMs);
    for (let i = 0; i < 2; i++) {
      await restart();
      record(5);
    }
    const told = rows(
      "select details from events where kind = 'history_ahead'",
    ).map(
      ({ details }) =>
        JSON.parse(String(details)) as Record<string, number | string>,
    );
    expect(told).to.have.length(1);
    expect(told[0]).to.include({ source: "spectrum" });
    expect(told[0]?.["newest_ms"]).to.be.above(
      clock.wall() + 69 * 365 * DAY_MS,
    );
    expect(told[0]?.["expired_ms"]).to.be.above(clock.wall());

    const AHEAD = "cycle where at_ms > ?";
    const later = clock.wall() + 365 * DAY_MS;
    expect(count(AHEAD, later)).to.be.above(0);
    clock.advance(47 * HOUR_MS);
    record(5);
    expect(count(AHEAD, later)).to.be.above(0);
    clock.advance(2 * HOUR_MS);
    record(5);
    expect(count(AHEAD, later)).to.equal(0);
    expect(count("cycle_time where at_ms > ?", later)).to.equal(0);
    expect(count("coverage where tier = 1 and bucket_ms > ?", later)).above(0);
    clock.advance(366 * DAY_MS);
    record(5);
    clock.advance(2 * HOUR_MS);
    record(5);
    for (const [table, time] of [
      ["coverage", "bucket_ms"],
      ["rollup", "bucket_ms"],
      ["day", "day_ms"],
      ["dirty", "bucket_ms"],
      ["event", "at_ms"],
    ] as const)
      expect(
        count(`${table} where ${time} > ?`, clock.wall() + DAY_MS),
        table,
      ).to.equal(0);
    expect(count("ahead")).to.equal(0);
    expect(log.events).to.include("history_cut");
    await stop();
  });
});
