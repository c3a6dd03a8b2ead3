import { expect } from "chai";
import { openRandom } from "../../../controller/simulation/random.js";
import {
  CAKE_AUTORATE,
  CAKE_AUTORATE_TIGHT,
} from "../../../lab/policies/cake-autorate.js";
import { SQM_AUTORATE } from "../../../lab/policies/sqm-autorate.js";
import type { LabPolicy } from "../../../lab/policy.js";
import { eachDirection } from "../../../shared/contract/direction.js";
import { mbit } from "../../../shared/contract/units.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const BASE_RTT_MS = 20;

/**
 * A policy on a line that only says what it is told to: the added delay of each way, and how full the shaper is. Returns
 * the download rate in Mbit/s at an instant.
 */
function puppet(policy: LabPolicy) {
  const { reflectors, spacingMs, cycleMs } = policy;
  const controller = policy.open({
    kind: "cable",
    actuator: "tc",
    nominalBps: eachDirection(() => mbit(100)),
    limits: eachDirection(() => ({
      floorBps: mbit(5),
      baseBps: mbit(50),
      ceilingBps: mbit(400),
      targetMs: 15,
      warnMs: 45,
      hardRedMs: 80,
    })),
    capacityBps: () => eachDirection(() => mbit(100)),
    random: openRandom(1, "puppet"),
  });
  let nowMs = 0;
  let sent = 0;
  let bytes = 0;
  let bps = mbit(50);
  return (untilMs: number, addedMs: number, load: number): number => {
    while (nowMs < untilMs) {
      nowMs += cycleMs;
      bytes += (load * bps * cycleMs) / 8e3;
      const replies = [];
      for (; sent * spacingMs <= nowMs; sent++) {
        const oneWayMs = BASE_RTT_MS / 2 + addedMs;
        replies.push({
          reflector: sent % reflectors,
          sentAt: (sent * spacingMs) as MonoMs,
          receivedAt: nowMs as MonoMs,
          rttMs: 2 * oneWayMs,
          oneWayMs: { download: oneWayMs, upload: oneWayMs },
          addedMs: 2 * addedMs,
        });
      }
      const at = nowMs as MonoMs;
      const counted = { at, downloadBytes: bytes, uploadBytes: bytes };
      bps = controller.decide(
        { kind: "reply", replies, lost: 0, traffic: [counted] },
        at,
      ).download;
    }
    return bps / 1e6;
  };
}

describe("cake-autorate, reimplemented", () => {
  it("doubles in 3.5 s under full load without delay", () => {
    const run = puppet(CAKE_AUTORATE);
    run(2000, 0, 0);
    const from = run(2200, 0, 1);
    expect(run(5700, 0, 1) / from).to.be.closeTo(2, 0.1);
  });

  it("halves in 0.72 s at the worst delay", () => {
    const run = puppet(CAKE_AUTORATE);
    const from = run(2000, 0, 0);
    run(2000 + 4 * 50, 80, 1);
    expect(run(2000 + 3 * 50 + 720, 80, 1) / from).to.be.within(0.4, 0.57);
  });

  it("does not take an RTT of 60 ms for bloat, and returns to base by 1 % a second", () => {
    const run = puppet(CAKE_AUTORATE);
    run(2000, 0, 0);
    const grown = run(8000, 0, 1);
    const held = run(10_000, 29, 1);
    expect(held).to.be.at.least(grown);
    expect(run(20_000, 0, 0.5)).to.be.closeTo(held * 0.99 ** 10, 0.02 * held);
  });

  it("cuts at 15 ms one way when told to", () => {
    const run = puppet(CAKE_AUTORATE_TIGHT);
    const from = run(2000, 0, 0);
    expect(run(3000, 20, 1)).to.be.below(0.95 * from);
  });

  it("sleeps after a minute without traffic", () => {
    const run = puppet(CAKE_AUTORATE);
    const from = run(62_000, 0, 0);
    expect(run(70_000, 100, 0)).to.equal(from);
  });
});

describe("sqm-autorate, reimplemented", () => {
  it("begins at 60 % of its base and grows only above 80 % load", () => {
    const run = puppet(SQM_AUTORATE);
    expect(run(3000, 0, 0.7)).to.equal(60);
    expect(run(6000, 0, 0.9)).to.be.above(70);
  });

  it("cuts once to nine tenths of what was achieved, or below", () => {
    const run = puppet(SQM_AUTORATE);
    run(3000, 0, 0.7);
    expect(run(4000, 30, 0.5)).to.be.at.most(0.9 * 30);
  });

  it("never goes below a fifth of its base", () => {
    const run = puppet(SQM_AUTORATE);
    expect(run(10_000, 60, 0.1)).to.be.at.least(20);
  });
});
