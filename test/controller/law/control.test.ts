import { expect } from "chai";
import fc from "fast-check";
import {
  type ControlState,
  initial,
  step,
} from "../../../controller/law/control.js";
import { baselineMs } from "../../../controller/law/estimator.js";
import type { Policy } from "../../../controller/law/inputs.js";
import { ratesOf } from "../../../controller/law/rate-state.js";
import { RESTLESS, TUNING } from "../../../controller/law/tuning.js";
import {
  DIRECTIONS,
  eachDirection,
} from "../../../shared/contract/direction.js";
import { stateCode } from "../../../shared/contract/state.js";
import {
  beat,
  controlState,
  NOW,
  POLICY,
  silentBeat,
} from "../../fakes/states.js";

const RUNS = { numRuns: 3000 };

/** The policy for a line with this floor. */
const limitsOf = (floorBps: number): Policy => ({
  ...POLICY,
  limits: eachDirection((d) => ({ ...POLICY.limits[d], floorBps })),
});

describe("step()", () => {
  it("keeps every rate within floor and ceiling, from any state (CTRL-03)", () => {
    fc.assert(
      fc.property(controlState(), beat(), (state, { reading, now }) => {
        const after = step(state, reading, now, POLICY);
        for (const direction of DIRECTIONS) {
          const { floorBps, ceilingBps } = POLICY.limits[direction];
          expect(after.rate[direction].bps).to.be.within(floorBps, ceilingBps);
        }
      }),
      RUNS,
    );
  });

  it("never raises a rate while the delta is above the target (CTRL-03)", () => {
    fc.assert(
      fc.property(controlState(), beat(), (state, { reading, now }) => {
        const after = step(state, reading, now, POLICY);
        for (const direction of DIRECTIONS)
          if (
            (after.estimate.deltaMs ?? Infinity) >
            after.rate[direction].targetMs
          )
            expect(after.rate[direction].bps).to.be.at.most(
              state.rate[direction].bps,
            );
      }),
      RUNS,
    );
  });

  it("has an effective target from the configured to what own packets explain beyond it (CTRL-03, CTRL-08)", () => {
    const slow = limitsOf(1e5);
    fc.assert(
      fc.property(controlState(slow), beat(), (state, { reading, now }) => {
        const after = step(state, reading, now, slow);
        for (const direction of DIRECTIONS) {
          const { targetMs } = slow.limits[direction];
          const packetsMs = DIRECTIONS.reduce(
            (sum, d) => sum + (2 * 12_112e3) / state.rate[d].bps,
            0,
          );
          expect(after.rate[direction].targetMs).to.be.within(
            targetMs,
            targetMs + packetsMs,
          );
        }
      }),
    );
  });

  it("raises by a bounded part of the rate a second, however late it is called (CTRL-03)", () => {
    const most = Math.max(RESTLESS.fastPerS, RESTLESS.returnPerS);
    fc.assert(
      fc.property(controlState(), beat(), (state, { reading, now }) => {
        const after = step(state, reading, now, POLICY);
        const seconds = Math.min(TUNING.stepMaxMs, now - NOW) / 1e3;
        for (const direction of DIRECTIONS) {
          const { bps, mode } = state.rate[direction];
          const returnToBps = mode.kind === "grow" ? 0 : mode.returnToBps;
          const { ceilingBps, baseBps } = POLICY.limits[direction];
          // a rate whose cut cured nothing returns to what it was
          const restoredBps = state.attribution.cutTest?.before.bps ?? 0;
          const of = Math.min(
            ceilingBps,
            Math.max(bps, returnToBps, baseBps, restoredBps),
          );
          expect(after.rate[direction].bps - bps).to.be.at.most(
            most * of * seconds + 1e-3,
          );
        }
      }),
      RUNS,
    );
  });

  it("says why a rate changed, and what a cut was made of", () => {
    const lowering = ["cut", "blackout", "idle", "unused"];
    const raising = ["raise", "return", "idle", "unused"];
    fc.assert(
      fc.property(controlState(), beat(), (state, { reading, now }) => {
        const after = step(state, reading, now, POLICY);
        for (const direction of DIRECTIONS) {
          const { bps, cause, causeMs, lastCut } = after.rate[direction];
          const before = state.rate[direction].bps;
          if (bps < before) expect(lowering).to.include(cause);
          if (bps > before) expect(raising).to.include(cause);
          if (cause !== "cut" || lastCut === null) continue;
          expect(lastCut.deltaMs).to.equal(causeMs);
          expect(lastCut.bad).to.be.within(TUNING.badNeeded, lastCut.samples);
          expect(lastCut.samples).to.be.at.most(TUNING.recentSamples);
        }
      }),
      RUNS,
    );
  });

  it("holds in silence, and goes at most to min(rate, base) (CTRL-03)", () => {
    fc.assert(
      fc.property(
        controlState(),
        fc.integer({ min: 401, max: 60_000 }),
        (state, elapsedMs) => {
          const { reading, now } = silentBeat(elapsedMs);
          const before = {
            ...state,
            evidence: { ...state.evidence, heardAt: NOW },
          };
          const after = step(before, reading, now, POLICY);
          for (const direction of DIRECTIONS) {
            const { bps } = state.rate[direction];
            const expected =
              elapsedMs > TUNING.blackoutMs
                ? Math.min(bps, POLICY.limits[direction].baseBps)
                : bps;
            expect(after.rate[direction].bps).to.equal(expected);
          }
        },
      ),
    );
  });

  it("never calls a longer queue calmer (CTRL-03)", () => {
    fc.assert(
      fc.property(
        controlState(),
        beat(),
        fc.double({ min: 0, max: 200, noNaN: true }),
        (state, { reading, now }, longerMs) => {
          // The same probes, sent at the same time, answered with a longer RTT by reflectors of known baseline.
          const settled: ControlState = {
            ...state,
            estimate: {
              ...state.estimate,
              baselines: state.estimate.baselines.map(() => ({
                ms: 1e-3,
                at: NOW,
                skewMs: null,
                leastMs: 1e-3,
                leastFrom: NOW,
              })),
            },
          };
          const longer = {
            ...reading,
            replies: reading.replies.map((reply) => ({
              ...reply,
              rttMs: reply.rttMs + longerMs,
            })),
          };
          const one = step(settled, reading, now, POLICY);
          const two = step(settled, longer, now, POLICY);
          for (const direction of DIRECTIONS)
            expect(stateCode(two.state[direction])).to.be.at.least(
              stateCode(one.state[direction]),
            );
        },
      ),
      RUNS,
    );
  });

  it("is pure: the same arguments give the same state, and none is changed", () => {
    fc.assert(
      fc.property(controlState(), beat(), (state, { reading, now }) => {
        const copy = structuredClone(state);
        const one = step(state, reading, now, POLICY);
        expect(state).to.deep.equal(copy);
        expect(step(state, reading, now, POLICY)).to.deep.equal(one);
      }),
    );
  });

  it("never sees an RTT below zero, however much shorter the path became", () => {
    fc.assert(
      fc.property(controlState(), beat(), (state, { reading, now }) => {
        const { estimate } = step(state, reading, now, POLICY);
        if (reading.replies.length > 0)
          expect(
            (baselineMs(estimate) ?? 0) + (estimate.deltaMs ?? 0),
          ).to.be.at.least(-1e-9);
      }),
      RUNS,
    );
  });

  it("keeps its memory bounded", () => {
    let state = initial(POLICY, NOW);
    for (let i = 1; i <= 2000; i++) {
      const now = (NOW + 50 * i) as typeof NOW;
      const replies = Array.from({ length: 20 }, (_, k) => ({
        reflector: k % 6,
        rttMs: 20,
        oneWayMs: null,
        receivedAt: now,
        sentAt: (now - 20) as typeof NOW,
      }));
      const traffic = Array.from({ length: 10 }, (_, k) => ({
        at: (now - 50 + 5 * k) as typeof NOW,
        downloadBytes: i * 1000 + k,
        uploadBytes: i * 1000 + k,
      }));
      state = step(
        state,
        { kind: "reply", replies, lost: 0, traffic },
        now,
        POLICY,
      );
    }
    expect(state.evidence.samples.length).to.be.at.most(TUNING.memorySamples);
    expect(state.traffic.length).to.be.at.most(250);
  });

  it("starts at base and stays there until something was measured", () => {
    const { reading, now } = silentBeat(50);
    const after = step(initial(POLICY, NOW), reading, now, POLICY);
    expect(ratesOf(after.rate)).to.deep.equal({ download: 15e6, upload: 8e6 });
    expect(after.rate.download.cause).to.equal("start");
  });
});
