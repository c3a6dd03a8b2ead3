import { CALM } from "../../../controller/law/tuning.js";
import { expect } from "chai";
import type { Sample } from "../../../controller/law/estimator.js";
import { NO_EVIDENCE } from "../../../controller/law/evidence.js";
import {
  initialRate,
  isWorse,
  type RateState,
  slackMs,
} from "../../../controller/law/rate-state.js";
import { growthPerS } from "../../../controller/law/shaper-rate.js";
import {
  noSuspect,
  suspects,
} from "../../../controller/law/two-way/attribution.js";
import {
  type CutTest,
  resultOf,
} from "../../../controller/law/two-way/cut-test.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { NOW, POLICY } from "../../fakes/states.js";

/** What single numbers of the law do, where a scene would hardly show it. */

const at = (ms: number): MonoMs => (NOW + ms) as MonoMs;

const sample = (sentMs: number, deltaMs: number): Sample => ({
  sentAt: at(sentMs),
  receivedAt: at(sentMs + 20 + deltaMs),
  deltaMs,
  delayMs: { download: deltaMs, upload: deltaMs },
  hasOneWay: false,
});

const busy = (bps: number, more: Partial<RateState> = {}): RateState => ({
  ...initialRate(bps, POLICY.limits.download, NOW),
  ...{ peakLoad: 1, carriedBps: bps },
  ...more,
});

describe("the law, number by number:", () => {
  const gains = CALM;
  /** With half the promptness growth beyond a capacity is 0.25 x 1.2. */
  const growth = (
    known: Partial<Record<"carriedBps" | "recalledBps", number>>,
    isSettling = false,
  ) =>
    growthPerS(
      { bps: 1e6, carriedBps: null, recalledBps: null, ...known },
      isSettling,
      gains,
      0.5,
    );

  for (const [ratio, perS] of [
    [0.96, 1.2],
    [0.975, 0.1],
    [1, 0.1],
    [1.0325, 0.2],
    [1.07, 0.3],
    [1.24, 0.3],
    [1.425, 0.75],
    [1.61, 1.2],
  ] as const)
    it(`at ${ratio} of the last capacity it grows by ${perS} per second`, () => {
      expect(growth({ carriedBps: 1e6 / ratio })).to.be.closeTo(perS, 1e-9);
    });

  for (const [ratio, perS] of [
    [0.94, 1.2],
    [0.96, 0.4],
    [1, 0.4],
    [1.03, 0.35],
    [1.07, 0.3],
    [1.425, 0.75],
  ] as const)
    it(`at ${ratio} of a recalled capacity it grows by at most ${perS} per second`, () => {
      expect(growth({ recalledBps: 1e6 / ratio })).to.be.closeTo(perS, 1e-9);
    });

  it("settles from 0.96 of the capacity on", () => {
    expect(growth({ carriedBps: 1e6 / 0.959 }, true)).to.equal(1.2);
    expect(growth({ carriedBps: 1e6 / 0.961 }, true)).to.equal(0);
  });

  it("forgives two packets of a direction, one of the other, beyond 4 ms each", () => {
    const rate = { download: busy(2e6), upload: busy(1e6) };
    const [down, up] = [6.056 - 4, 12.112 - 4];
    expect(slackMs(rate, null)).to.be.closeTo(2 * down + 2 * up, 1e-9);
    expect(slackMs(rate, "upload")).to.be.closeTo(down + 2 * up, 1e-9);
    const idle = { ...rate, download: busy(2e6, { peakLoad: 0.19 }) };
    expect(slackMs(idle, "upload")).to.be.closeTo(2 * up, 1e-9);
  });

  it("a delay is worse than at the last cut beyond 1.3 times it and 10 ms", () => {
    const lastCut = {
      deltaMs: 100,
      bad: 2,
      samples: 3,
      seenBps: null,
      at: NOW,
      isRepeat: false,
    };
    expect(isWorse(139.9, lastCut)).to.be.false;
    expect(isWorse(140.1, lastCut)).to.be.true;
  });

  for (const [overshoot, suspect] of [
    [1.04, "download"],
    [1.06, "upload"],
  ] as const)
    it(`a sharp rise while the upload, at ${overshoot} of its capacity, probes is the ${suspect}'s`, () => {
      const rate = {
        download: busy(10e6),
        upload: busy(4e6, { carriedBps: 4e6 / overshoot }),
      };
      const traffic = [-1, 0].map((s) => ({
        at: at(1000 * s),
        downloadBytes: (10 + s) * 0.5 * (10e6 / 8),
        uploadBytes: (10 + s) * (4e6 / 8),
      }));
      const evidence = { ...NO_EVIDENCE, samples: [sample(-100, 40)] };
      const found = suspects(
        { ...noSuspect(NOW), turn: "upload" },
        { rate, evidence, traffic, now: NOW },
        POLICY.limits,
      );
      expect(found[suspect]).to.be.true;
      expect(found[suspect === "upload" ? "download" : "upload"]).to.be.false;
    });

  it("a cut that has not shrunk the queue over 100 ms of probes is undone, to 98 %", () => {
    const lastCut = {
      deltaMs: 60,
      bad: 2,
      samples: 3,
      seenBps: null,
      at: NOW,
      isRepeat: false,
    };
    const mode = {
      kind: "drain",
      returnToBps: 9e6,
      refractoryUntil: at(500),
    } as const;
    const rate = {
      download: busy(5e6, { mode, lastCut }),
      upload: busy(4e6),
    };
    const cutTest: CutTest = {
      suspect: "download",
      ...{ from: at(-200), feltFrom: at(-180) },
      before: busy(10e6),
      result: "open",
      isSecond: false,
    };
    const after = (...sentMs: number[]) =>
      resultOf(cutTest, {
        rate,
        evidence: {
          ...NO_EVIDENCE,
          samples: sentMs.map((ms) => sample(ms, 60)),
        },
        traffic: [],
        now: NOW,
      });
    expect(after(-180, -130, -85).cutTest).to.equal(cutTest);
    const undone = after(-180, -130, -80);
    expect(undone.cutTest?.suspect).to.equal("upload");
    expect(undone.rate.download.mode).to.deep.equal({
      kind: "return",
      returnToBps: 9.8e6,
    });
  });
});
