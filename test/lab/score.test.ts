import { expect } from "chai";
import { constant } from "../../lab/capacity.js";
import { type Bin, BIN_MS, type LabRun } from "../../lab/run.js";
import { scenario } from "../../lab/scenario.js";
import { score } from "../../lab/score.js";
import { spreadOf } from "../../lab/statistics.js";

const SCENARIO = scenario({
  id: "T",
  title: "a test",
  seconds: 30,
  nominal: { download: 100, upload: 10 },
  capacity: { download: constant(100), upload: constant(10) },
  flows: { download: 1, upload: 0 },
  scoredFromMs: 0,
});

/** 100 Mbit/s, from 10 s on 40, from 20 s on 100 again; delivered and delay as told, by the second. */
function runOf(
  delivered: (second: number) => number,
  addedMs: (second: number) => number,
): LabRun {
  const bins = Array.from({ length: 300 }, (_, i): Bin => {
    const s = i / 10;
    const capacity = s >= 10 && s < 20 ? 40e6 : 100e6;
    return {
      atMs: i * BIN_MS,
      capacityBps: { download: capacity, upload: 10e6 },
      rateBps: { download: 0.95 * capacity, upload: 10e6 },
      deliveredBps: { download: delivered(s) * 1e6, upload: 0 },
    };
  });
  const callPackets = Array.from({ length: 1500 }, (_, i) => ({
    sentAtMs: i * 20,
    addedMs: addedMs(i / 50),
  }));
  const change = (atMs: number, fromBps: number, toBps: number) =>
    ({ direction: "download", atMs, fromBps, toBps }) as const;
  return {
    bins,
    callPackets,
    changes: [change(10_000, 100e6, 40e6), change(20_000, 40e6, 100e6)],
    cuts: 3,
    writes: 60,
    scoredMs: 30_000,
  };
}

describe("score()", () => {
  // capacity  100 ........ 40 .......... 100 .......
  // s         0           10  12        20  23     30
  // delay     5           90   5 .....
  // delivered 95          38 .......... 50  95
  const seen = score(
    runOf(
      (s) => (s < 10 || s >= 23 ? 95 : s < 20 ? 38 : 50),
      (s) => (s >= 10 && s < 12 ? 90 : 5),
    ),
    SCENARIO,
  );

  it("counts from a fall to the first second without late packets", () => {
    expect(seen.fallS).to.be.closeTo(2, 0.05);
    expect(seen.late).to.be.closeTo(2 / 30, 0.001);
  });

  it("counts from a rise to the first second with nine tenths delivered", () => {
    expect(seen.riseS).to.be.within(2.7, 3);
  });

  it("has the share of the capacity that was delivered, and the number of writes", () => {
    expect(seen.use.download).to.be.closeTo(
      (950 + 380 + 150 + 665) / 2400,
      0.001,
    );
    expect(seen.use.upload).to.equal(null);
    expect(seen.writesPerS).to.equal(2);
    expect(seen.cutsPerHour).to.equal(360);
  });

  it("has percentiles over all packets", () => {
    expect([seen.p50Ms, seen.p95Ms, seen.maxMs]).to.deep.equal([5, 90, 90]);
  });

  it("counts a fall that never ends to the next change", () => {
    const { fallS } = score(
      runOf(
        () => 38,
        (s) => (s >= 10 ? 90 : 5),
      ),
      SCENARIO,
    );
    expect(fallS).to.be.closeTo(10, 0.05);
  });

  it("leaves out what is sent while the line carries nothing", () => {
    const run = runOf(
      () => 38,
      (s) => (s >= 10 && s < 20 ? 9000 : 5),
    );
    const [fall, rise] = run.changes;
    const changes = [
      { ...fall!, toBps: 0 },
      { ...rise!, fromBps: 0 },
    ];
    expect(score({ ...run, changes }, SCENARIO).maxMs).to.equal(5);
  });
});

describe("spreadOf()", () => {
  it("has the mean between its ends, which come closer with more runs", () => {
    const values = (count: number) =>
      Array.from({ length: count }, (_, i) => (i * 7) % 10);
    const few = spreadOf(values(10))!;
    const many = spreadOf(values(200))!;
    expect(few.mean).to.be.closeTo(4.5, 1e-9);
    expect(few.low).to.be.below(few.mean);
    expect(few.high).to.be.above(few.mean);
    expect(many.high - many.low).to.be.below(0.5 * (few.high - few.low));
    expect(spreadOf(values(10))).to.deep.equal(few);
  });

  it("is null for no value and has no width for one", () => {
    expect(spreadOf([])).to.equal(null);
    expect(spreadOf([3])).to.deep.equal({ mean: 3, low: 3, high: 3, runs: 1 });
  });
});
