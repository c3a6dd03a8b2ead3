import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "chai";
import fc from "fast-check";
import type { WallMs } from "../../../shared/clock.js";
import type { Frame } from "../../../shared/frame.js";
import { openStore, type Store } from "../../../recorder/store/store.js";
import {
  BEAT_MS,
  cycle,
  cycles,
  NOON_MS,
  sample,
  stamped,
  transition,
} from "../../fakes/frames.js";
import { readRows, temporaryFolder } from "../temporary.js";

const NOON = NOON_MS as WallMs;
const atMs = (seq: number) => NOON_MS + seq * BEAT_MS;

describe("Store", () => {
  const folder = temporaryFolder();
  let store: Store;
  beforeEach(() => {
    store = openStore(join(folder.path, "metrics.db"), NOON);
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const commit = (frames: readonly Frame[]) =>
    store.commit(frames, "not received");
  const rows = (sql: string) => readRows(store.path, sql);
  const gaps = () =>
    rows("select from_seq, to_seq, from_ms, to_ms, count, cause from gap");

  it("keeps every value of a cycle as it came", () => {
    const frame = stamped(cycle({ rttUs: null, deltaUs: -400 }), 1);
    commit([frame]);
    expect(
      rows("select at_ms, seq, rtt_us, delta_us from cycle"),
    ).to.deep.equal([
      { at_ms: frame.at, seq: 1, rtt_us: null, delta_us: -400 },
    ]);
  });

  it("stores a frame once, however often it comes (INTG-04)", () => {
    const frames = [...cycles([1, 2]), stamped(transition(), 3)];
    expect(commit(frames)).to.include({ stored: 3, duplicates: 0 });
    expect(commit(frames)).to.include({ stored: 0, duplicates: 3 });
    expect(commit([...cycles([4]), ...cycles([4])])).to.include({
      stored: 1,
      duplicates: 1,
    });
    expect(rows("select count(*) as n from cycle")).to.deep.equal([{ n: 3 }]);
    expect(rows("select count(*) as n from event")).to.deep.equal([{ n: 1 }]);
  });

  it("remembers how far a run is recorded when it is opened again", async () => {
    commit(cycles([1, 2]));
    await store[Symbol.asyncDispose]();
    store = openStore(store.path, NOON);
    expect(commit(cycles([2, 3]))).to.include({
      stored: 1,
      duplicates: 1,
      gaps: 0,
    });
  });

  it("writes a gap with its bounds where a number is skipped (INTG-04)", () => {
    expect(commit(cycles([1, 2, 6]))).to.include({ stored: 3, gaps: 1 });
    expect(gaps()).to.deep.equal([
      {
        from_seq: 3,
        to_seq: 5,
        from_ms: atMs(2),
        to_ms: atMs(6),
        count: 3,
        cause: "not received",
      },
    ]);
  });

  it("writes a gap from 1 where a run is first heard later (INTG-04)", () => {
    commit(cycles([4]));
    expect(gaps()).to.deep.equal([
      {
        from_seq: 1,
        to_seq: 3,
        from_ms: null,
        to_ms: atMs(4),
        count: 3,
        cause: "not received",
      },
    ]);
  });

  it("splits a gap where a late frame falls into it", () => {
    commit(cycles([1, 6]));
    expect(commit(cycles([4, 4]))).to.include({ stored: 1, duplicates: 1 });
    expect(
      rows("select from_seq, to_seq, from_ms, to_ms from gap"),
    ).to.deep.equal([
      { from_seq: 2, to_seq: 3, from_ms: atMs(1), to_ms: atMs(4) },
      { from_seq: 5, to_seq: 5, from_ms: atMs(4), to_ms: atMs(6) },
    ]);
  });

  it("keeps runs and WANs apart", () => {
    commit([
      ...cycles([1, 2]),
      ...cycles([1], { boot: "ffffffffffffffff" }),
      ...cycles([1], { source: "att" }),
    ]);
    expect(gaps()).to.be.empty;
    expect(
      rows(
        "select w.name, s.last_seq from source s join wan w on w.id = s.wan order by s.id",
      ),
    ).to.deep.equal([
      { name: "spectrum", last_seq: 2 },
      { name: "spectrum", last_seq: 1 },
      { name: "att", last_seq: 1 },
    ]);
  });

  it("stores all of a batch or nothing of it, with its gap and position", () => {
    commit(cycles([1]));
    const bad = stamped(sample(null as unknown as number), 9);
    expect(() => commit([...cycles([5]), bad])).to.throw("NOT NULL");
    expect(gaps()).to.be.empty;
    expect(rows("select last_seq from source")).to.deep.equal([
      { last_seq: 1 },
    ]);
  });

  it("says why a batch could not be written, and takes it the next time", () => {
    const other = new Database(store.path);
    other.exec("begin immediate");
    expect(commit(cycles([1]))).to.deep.equal({
      kind: "failed",
      cause: "database is locked (SQLITE_BUSY)",
    });
    other.close();
    expect(commit(cycles([1]))).to.include({ kind: "committed", stored: 1 });
  });

  it("has every number of every run stored once or in one gap, whatever order and however often frames come", () => {
    let run = 0;
    const seqs = fc.array(fc.integer({ min: 1, max: 30 }), {
      minLength: 1,
      maxLength: 60,
    });
    const batches = fc.array(seqs, { minLength: 1, maxLength: 4 });
    const boots = fc.tuple(batches, batches);
    fc.assert(
      fc.property(boots, fc.array(fc.nat(3)), (twoRuns, kinds) => {
        const headers = twoRuns.map(() => ({
          boot: (++run).toString(16).padStart(16, "0"),
        }));
        for (let i = 0; i < 4; i++)
          commit(
            twoRuns.flatMap((batch, r) =>
              (batch[i] ?? []).map((seq) =>
                stamped(kindOf(kinds[seq % kinds.length]), seq, headers[r]),
              ),
            ),
          );
        for (const [r, { boot }] of headers.entries()) {
          const seen = [...new Set(twoRuns[r]!.flat())].sort((a, b) => a - b);
          const missing = Array.from(
            { length: seen.at(-1)! },
            (_, i) => i + 1,
          ).filter((seq) => !seen.includes(seq));
          expect(storedIn(boot)).to.deep.equal(seen);
          expect(missingIn(boot)).to.deep.equal(missing);
        }
      }),
      { numRuns: 60 },
    );
  });

  const kindOf = (n: number | undefined) =>
    n === 1 ? transition() : n === 2 ? sample(1) : cycle();

  const storedIn = (boot: string) =>
    rows(
      `select t.seq from source s join (
         select source, seq from cycle union all select source, seq from event
         union all select source, seq from sample
       ) t on t.source = s.id where s.boot = '${boot}' order by t.seq`,
    ).map((row) => row["seq"]);

  const missingIn = (boot: string) =>
    rows(
      `select from_seq, to_seq from source s join gap g on g.source = s.id
        where s.boot = '${boot}' order by from_seq`,
    ).flatMap(({ from_seq: from, to_seq: to }) =>
      Array.from(
        { length: Number(to) - Number(from) + 1 },
        (_, i) => Number(from) + i,
      ),
    );
});
