import { expect } from "chai";
import {
  average,
  cycleOfPredecessor,
  startOf,
  type Averages,
  type Machine,
  type MachineState,
} from "../../../lab/policies/predecessor.js";

const mbit = 1e6;
const flat = (bps: number) => ({
  GREEN: bps,
  YELLOW: bps,
  SOFT_RED: bps,
  RED: bps,
});

/** Its preset for cable, in its first version. */
const DOWNLOAD: Machine = {
  floorsBps: {
    GREEN: 550 * mbit,
    YELLOW: 350 * mbit,
    SOFT_RED: 275 * mbit,
    RED: 200 * mbit,
  },
  ceilingBps: 940 * mbit,
  stepUpBps: 10 * mbit,
  cutRed: 0.85,
  cutYellow: 0.96,
  targetMs: 12,
  warnMs: 45,
  hardRedMs: 80,
  greenRequired: 5,
  dwellCycles: 1,
  deadbandMs: 0,
};
const UPLOAD: Machine = {
  ...DOWNLOAD,
  floorsBps: flat(8 * mbit),
  ceilingBps: 38 * mbit,
  stepUpBps: mbit,
  cutRed: 0.9,
  cutYellow: 0.94,
  hardRedMs: Infinity,
};

interface Beat extends Averages {
  readonly download: MachineState;
  readonly upload: MachineState;
}

function play(rttsMs: readonly number[]): Beat[] {
  const beats: Beat[] = [];
  let averages: Averages = { loadMs: 24, baselineMs: 24 };
  let download = startOf(DOWNLOAD);
  let upload = startOf(UPLOAD);
  for (const rttMs of rttsMs) {
    averages = average(averages, rttMs, { load: 0.5, baseline: 0.001 });
    const deltaMs = averages.loadMs - averages.baselineMs;
    download = cycleOfPredecessor(download, deltaMs, DOWNLOAD);
    upload = cycleOfPredecessor(upload, deltaMs, UPLOAD);
    beats.push({ ...averages, download, upload });
  }
  return beats;
}

const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

describe("cycleOfPredecessor()", () => {
  const beats = play([
    ...times(3, 24),
    ...times(10, 60),
    ...times(6, 130),
    ...times(14, 24),
  ]);

  for (const [no, loadMs, deltaMs, down, downBps, up, upBps] of [
    [3, 24, 0, "GREEN", 940_000_000, "GREEN", 38_000_000],
    [4, 42, 18, "YELLOW", 902_400_000, "YELLOW", 35_720_000],
    [8, 58.875, 34.875, "YELLOW", 766_450_335, "YELLOW", 27_888_352],
    [13, 59.965, 35.965, "YELLOW", 624_942_674, "YELLOW", 20_467_372],
    [14, 94.982, 70.982, "SOFT_RED", 624_942_674, "RED", 18_420_634],
    [15, 112.491, 88.491, "RED", 531_201_272, "RED", 16_578_570],
    [19, 128.906, 104.906, "RED", 277_290_383, "RED", 10_877_198],
    [20, 76.453, 52.453, "SOFT_RED", 277_290_383, "RED", 9_789_478],
    [21, 50.226, 26.226, "YELLOW", 350_000_000, "YELLOW", 9_202_109],
    [23, 30.557, 6.557, "GREEN", 550_000_000, "GREEN", 8_649_982],
    [27, 24.41, 0.41, "GREEN", 560_000_000, "GREEN", 9_649_982],
    [33, 24.006, 0.006, "GREEN", 620_000_000, "GREEN", 15_649_982],
  ] as const)
    it(`does what its first version did in cycle ${no}`, () => {
      const seen = beats[no - 1]!;
      expect(seen.loadMs).to.be.closeTo(loadMs, 0.0005);
      expect(seen.baselineMs).to.equal(24);
      expect(seen.loadMs - seen.baselineMs).to.be.closeTo(deltaMs, 0.0005);
      expect([seen.download.state, seen.download.bps]).to.deep.equal([
        down,
        downBps,
      ]);
      expect([seen.upload.state, seen.upload.bps]).to.deep.equal([up, upBps]);
    });

  it("does what its last version did, GREEN after RED included", () => {
    const machine: Machine = {
      ...DOWNLOAD,
      stepUpBps: 15 * mbit,
      cutRed: 0.9,
      cutYellow: 0.92,
      targetMs: 9,
      hardRedMs: 60,
      dwellCycles: 5,
      deadbandMs: 3,
    };
    const deltasMs = [
      0,
      ...times(12, 70),
      ...times(6, 30),
      8,
      7,
      ...times(5, 5),
    ];
    const seen: [string, number][] = [];
    let state = startOf(machine);
    for (const deltaMs of deltasMs) {
      state = cycleOfPredecessor(state, deltaMs, machine);
      seen.push([state.state, state.bps]);
    }
    const at = (no: number) => seen[no - 1];
    expect(at(1)).to.deep.equal(["GREEN", 940_000_000]);
    expect(at(2)).to.deep.equal(["RED", 846_000_000]);
    expect(at(13)).to.deep.equal(["RED", 265_483_763]);
    expect(at(14)).to.deep.equal(["GREEN", 550_000_000]);
    expect(at(17)).to.deep.equal(["GREEN", 550_000_000]);
    expect(at(18)).to.deep.equal(["YELLOW", 506_000_000]);
    expect(at(20)).to.deep.equal(["YELLOW", 428_278_400]);
    expect(at(21)).to.deep.equal(["YELLOW", 394_016_128]);
    expect(at(22)).to.deep.equal(["GREEN", 550_000_000]);
    expect(at(26)).to.deep.equal(["GREEN", 565_000_000]);
  });
});
