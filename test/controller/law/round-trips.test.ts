import { expect } from "chai";
import { NO_EVIDENCE } from "../../../controller/law/evidence.js";
import { initialRate } from "../../../controller/law/rate-state.js";
import { growthPerS } from "../../../controller/law/shaper-rate.js";
import { CALM } from "../../../controller/law/tuning.js";
import {
  noSuspect,
  suspects,
} from "../../../controller/law/two-way/attribution.js";
import { eachDirection } from "../../../shared/contract/direction.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { between, deltaMs, play, use } from "./loop.js";

const TARGETS = { targetMs: 15, warnMs: 45, hardRedMs: Infinity };
const LEAST_BPS = 1e5;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("round trips alone", function () {
  this.timeout(120_000);

  for (const [down, up] of [
    [4, 0.5],
    [8, 1],
  ] as const)
    it(`a slow line of ${down}/${up} Mbit/s, both ways full: neither is held down for the other's queue (CTRL-08)`, () => {
      const limits = eachDirection((d) => {
        const bps = 1e6 * (d === "download" ? down : up);
        const floorBps = d === "download" ? bps / 8 : LEAST_BPS;
        const room = { baseBps: 0.75 * bps, ceilingBps: 1.25 * bps };
        return { ...TARGETS, floorBps, ...room };
      });
      const runs = [1, 2, 3, 4].map((seed) =>
        between(
          play({
            download: [[0, down]],
            upload: [[0, up]],
            ...{ seconds: 45, seed, policy: { limits } },
          }),
          3,
          45,
        ),
      );
      const used = runs.map(use);
      const told = JSON.stringify(used);
      expect(mean(used.map((u) => u.download)), told).to.be.above(0.8);
      expect(mean(used.map((u) => u.upload)), told).to.be.above(0.7);
      for (const beats of runs) expect(deltaMs(beats, 0.95)).to.be.below(150);
    });

  it("a download that receives more than its rate is the suspect, whichever direction's turn it is (CTRL-08)", () => {
    const now = 1000 as MonoMs;
    const limits = { floorBps: LEAST_BPS, baseBps: 3e6, ceilingBps: 5e6 };
    const full = { ...limits, ...TARGETS };
    const of = (bps: number) => ({
      ...initialRate(bps, full, now),
      ...{ peakLoad: 1, carriedBps: bps },
    });
    const rate = { download: of(3e6), upload: of(4e5) };
    const suspect = (downloadBps: number) => {
      const traffic = [0, 1].map((s) => ({
        at: (1000 * s) as MonoMs,
        downloadBytes: (s * downloadBps) / 8,
        uploadBytes: (s * 4e5) / 8,
      }));
      const seen = { rate, evidence: NO_EVIDENCE, traffic, now };
      const attribution = { ...noSuspect(now), turn: "upload" as const };
      return suspects(attribution, seen, { download: full, upload: full });
    };
    expect(suspect(4e6)).to.deep.equal({ download: true, upload: false });
    expect(suspect(3e6)).to.deep.equal({ download: false, upload: true });
  });

  it("an old capacity that a rate far above it disproves does not slow down growth (CTRL-08)", () => {
    const gains = CALM;
    const beyond = { bps: 4e5, carriedBps: null, recalledBps: 1e5 };
    expect(growthPerS(beyond, false, gains, 0)).to.equal(gains.fastPerS);
  });
});
