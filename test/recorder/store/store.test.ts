import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type {
  RingState,
  RingStates,
} from "../../../recorder/ingest/ring-availability.js";
import { Database } from "../../../recorder/store/connection.js";
import {
  type Arrival,
  openStore,
  type Store,
} from "../../../recorder/store/store.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import {
  BEAT_MS,
  BOOT,
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

  const commit = (arrivals: readonly Arrival[], presences?: RingStates) =>
    store.commit(arrivals, presences);
  const rows = (sql: string) => readRows(store.path, sql);
  const missing = () =>
    rows("select from_seq, to_seq, from_ms, to_ms from missing");
  const gaps = () =>
    rows("select from_seq, to_seq, from_ms, to_ms, count, cause from gap");
  const allOf = (presence: RingState, first: number | null = null) => ({
    firstHeld: () => first,
    presence: () => presence,
  });
  const refusal = (seq: number, at = atMs(seq)) => ({
    kind: "refused" as const,
    source: "spectrum",
    boot: BOOT,
    seq,
    at,
  });

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
      holes: 0,
    });
  });

  it("writes down what is missing, with its bounds, where a number is skipped (INTG-04)", () => {
    expect(commit(cycles([1, 2, 6]))).to.include({ stored: 3, holes: 1 });
    expect(missing()).to.deep.equal([
      { from_seq: 3, to_seq: 5, from_ms: atMs(2), to_ms: atMs(6) },
    ]);
    expect(gaps()).to.be.empty;
  });

  it("misses all from 1 where a run is first heard later (INTG-04)", () => {
    commit(cycles([4]));
    expect(missing()).to.deep.equal([
      { from_seq: 1, to_seq: 3, from_ms: null, to_ms: atMs(4) },
    ]);
  });

  it("splits what is missing where a late frame falls into it", () => {
    commit(cycles([1, 6]));
    expect(commit(cycles([4, 4]))).to.include({ stored: 1, duplicates: 1 });
    expect(missing()).to.deep.equal([
      { from_seq: 2, to_seq: 3, from_ms: atMs(1), to_ms: atMs(4) },
      { from_seq: 5, to_seq: 5, from_ms: atMs(4), to_ms: atMs(6) },
    ]);
  });

  // stored: 1 . . . . . . . 9      held: 5 6 7 8 9
  it("makes a gap of what its sender no longer holds, bounded by what is then stored (INTG-04)", () => {
    commit(cycles([1, 9]));
    expect(commit([], allOf("offered", 5))).to.include({ gaps: 1 });
    commit(cycles([5, 6]), allOf("offered", 5));
    expect(gaps()).to.deep.equal([
      {
        from_seq: 2,
        to_seq: 4,
        from_ms: atMs(1),
        to_ms: atMs(5),
        count: 3,
        cause: "expired",
      },
    ]);
    expect(missing()).to.deep.equal([
      { from_seq: 7, to_seq: 8, from_ms: atMs(6), to_ms: atMs(9) },
    ]);
  });

  it("keeps one gap that goes on as one", () => {
    commit(cycles([1, 9]));
    commit([], allOf("offered", 3));
    expect(commit([], allOf("offered", 5))).to.include({ gaps: 0 });
    expect(gaps()[0]).to.include({ from_seq: 2, to_seq: 4, count: 3 });
  });

  it("stores a frame that was given up and comes after all", () => {
    commit(cycles([1, 4]));
    commit([], allOf("offered", 4));
    expect(commit(cycles([2]))).to.include({ stored: 1 });
    expect(gaps()).to.deep.equal([
      {
        from_seq: 3,
        to_seq: 3,
        from_ms: atMs(2),
        to_ms: atMs(4),
        count: 1,
        cause: "expired",
      },
    ]);
  });

  it("makes a gap of what was refused, and asks for it no more (INTG-04)", () => {
    commit([...cycles([1]), refusal(2), refusal(3), ...cycles([4, 6])]);
    commit([refusal(5)]);
    expect(missing()).to.be.empty;
    expect(
      gaps().map(({ count, cause, from_ms, to_ms }) => [
        count,
        cause,
        from_ms,
        to_ms,
      ]),
    ).to.deep.equal([
      [2, "refused", atMs(1), atMs(4)],
      [1, "refused", atMs(4), atMs(6)],
    ]);
    expect(store.standing("spectrum", BOOT)).to.deep.equal({
      committed: 6,
      open: [{ fromSeq: 7, toSeq: null, fromMs: null, toMs: null }],
    });
  });

  describe("when a run is gone", () => {
    const NEXT = { boot: "f".repeat(16) };
    const after = (ms: number) => ({ ...NEXT, at: atMs(9) + ms });
    /** Only the first run is gone. */
    const gone: RingStates = {
      firstHeld: () => null,
      presence: (_, boot) => (boot === BOOT ? "gone" : "offered"),
    };
    const tail = {
      from_seq: 10,
      to_seq: null,
      from_ms: atMs(9),
      to_ms: atMs(9) + 1_000,
      count: null,
      cause: "gone",
    };

    it("makes a gap of what was missing, and asks again should it be back", () => {
      commit(cycles([1, 4]));
      expect(commit([], gone)).to.include({ gaps: 1 });
      expect(gaps()[0]).to.include({ from_seq: 2, to_seq: 3, cause: "gone" });
      const { committed, open } = store.standing("spectrum", BOOT)!;
      expect(committed).to.equal(4);
      expect(open.map(({ fromSeq }) => fromSeq)).to.deep.equal([2, 5]);
    });

    it("makes a gap without end from its last frame to the first of the next run (INTG-04)", () => {
      commit(cycles([8, 9]));
      commit([], gone);
      expect(gaps()).to.have.length(1); // nobody has followed yet
      commit(cycles([1], after(1_000)), gone);
      commit([], gone);
      expect(gaps().at(-1)).to.deep.equal(tail);
      expect(gaps()).to.have.length(2);
    });

    it("waits until it is known when the next run began", () => {
      commit(cycles([1, 2, 3, 4, 5, 6, 7, 8, 9]));
      commit(cycles([3], after(3_000)), gone);
      expect(gaps()).to.be.empty;
      commit(cycles([1], after(1_000)), gone);
      expect(gaps()).to.deep.equal([tail]);
    });

    it("leaves no such gap where its last word was that it stops", () => {
      const stopping = {
        kind: "event",
        event: "stopping",
        detail: {},
      } as const;
      commit([...cycles([1, 2]), stamped(stopping, 3)]);
      commit(cycles([1], after(1_000)), gone);
      commit([], gone);
      expect(gaps()).to.be.empty;
      expect(rows("select closed from source")).to.deep.equal([
        { closed: 1 },
        { closed: 0 },
      ]);
    });

    it("takes the gap back when it was not gone after all", () => {
      commit(cycles([1, 2, 3, 4, 5, 6, 7, 8, 9]));
      commit(cycles([1], after(1_000)), gone);
      expect(gaps()).to.deep.equal([tail]);
      commit(cycles([12]));
      expect(gaps()).to.be.empty;
      expect(missing()[0]).to.include({ from_seq: 10, to_seq: 11 });
    });
  });

  it("calls nothing committed behind a hole (INTG-04)", () => {
    commit(cycles([1, 2, 5, 6]));
    expect(store.standing("spectrum", BOOT)?.committed).to.equal(2);
    commit(cycles([3, 4]));
    expect(store.standing("spectrum", BOOT)?.committed).to.equal(6);
  });

  it("closes a run only when all its holes are given up, be there thousands", () => {
    commit(cycles(Array.from({ length: 1_101 }, (_, i) => 2 * i + 1)));
    const next = cycles([1], { boot: "f".repeat(16), at: atMs(9_999) });
    expect(commit(next, allOf("gone"))).to.include({ gaps: 1_000 });
    expect(commit([], allOf("gone"))).to.include({ gaps: 100 + 1 });
    expect(missing()).to.be.empty;
  });

  it("makes a gap of what a sender never holds, though it goes on sending", () => {
    commit(cycles([1, 3]), allOf("heard"));
    expect(gaps()[0]).to.include({ from_seq: 2, to_seq: 2, cause: "gone" });
  });

  it("keeps runs and WANs apart", () => {
    commit([
      ...cycles([1, 2]),
      ...cycles([1], { boot: "ffffffffffffffff" }),
      ...cycles([1], { source: "att" }),
    ]);
    expect(missing()).to.be.empty;
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

  it("stores all of a batch or nothing of it, with its hole and position", () => {
    commit(cycles([1]));
    const bad = stamped(sample(null as unknown as number), 9);
    expect(() => commit([...cycles([5]), bad])).to.throw("NOT NULL");
    expect(missing()).to.be.empty;
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

  it("has every number of every run stored once or missing once, whatever order and however often frames come", () => {
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
      `select from_seq, to_seq from source s join missing g on g.source = s.id
        where s.boot = '${boot}' order by from_seq`,
    ).flatMap(({ from_seq: from, to_seq: to }) =>
      Array.from(
        { length: Number(to) - Number(from) + 1 },
        (_, i) => Number(from) + i,
      ),
    );
});
