import { expect } from "chai";
import fc from "fast-check";
import { openRandom } from "../../../controller/simulation/random.js";
import { laggingOracle } from "../../../lab/policies/oracle.js";
import { eachDirection } from "../../../shared/contract/direction.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const FLOOR = 5;

/** The download rates that it wants at each millisecond of a line of this capacity; both in bit/s. */
function ratesOn(lagMs: number, capacity: readonly number[]): number[] {
  let nowMs = 0;
  const controller = laggingOracle(lagMs).open({
    kind: "lte",
    actuator: "tc",
    nominalBps: eachDirection(() => 1000),
    limits: eachDirection(() => ({
      floorBps: FLOOR,
      baseBps: 500,
      ceilingBps: 1000,
      targetMs: 15,
      warnMs: 45,
      hardRedMs: 80,
    })),
    capacityBps: () => eachDirection(() => capacity[nowMs] ?? NaN),
    random: openRandom(1, "oracle"),
  });
  const nothing = {
    kind: "none_yet",
    replies: [],
    lost: 0,
    traffic: [],
  } as const;
  return capacity.map((_, ms) => {
    nowMs = ms;
    return controller.decide(nothing, ms as MonoMs).download;
  });
}

const lags = fc.integer({ min: 1, max: 120 });
const lines = fc
  .array(
    fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ max: 900, min: 0 })),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.flatMap(([ms, bps]) => Array<number>(ms).fill(bps)));

describe("laggingOracle()", () => {
  it("never sees what is younger than its lag", () =>
    fc.assert(
      fc.property(lags, lines, lines, lines, (lagMs, past, one, other) => {
        const [a, b] = [one, other].map((end) =>
          ratesOn(lagMs, [...past, ...end]),
        );
        const same = Math.min(
          past.length + lagMs,
          past.length + one.length,
          past.length + other.length,
        );
        expect(a!.slice(0, same)).to.deep.equal(b!.slice(0, same));
      }),
    ));

  it("takes 95 % of what it sees, less where it pays back, and never less than the floor", () =>
    fc.assert(
      fc.property(lags, lines, (lagMs, line) => {
        const rates = ratesOn(lagMs, line);
        for (const rate of rates) expect(rate).to.be.at.least(FLOOR);
        for (const [ms, bps] of line.entries())
          expect(rates[ms + lagMs] ?? 0).to.be.at.most(
            Math.max(FLOOR, 0.95 * bps),
          );
      }),
    ));

  it("pays back after a fall what it sent too much, and then has no queue", () =>
    fc.assert(
      fc.property(lags, fc.integer({ min: 60, max: 400 }), (lagMs, after) => {
        const rates = ratesOn(lagMs, [
          ...Array<number>(500).fill(500),
          ...Array<number>(3000).fill(after),
        ]);
        const sum = (from: number) =>
          rates.slice(from).reduce((total, rate) => total + rate - after, 0);
        expect(rates[500 + lagMs - 1]).to.equal(0.95 * 500);
        expect(rates[500 + lagMs + 1]).to.be.below(0.95 * after);
        expect(sum(500)).to.be.below(0);
        expect(rates.at(-1)).to.be.closeTo(0.95 * after, 0.001 * after);
      }),
    ));
});
