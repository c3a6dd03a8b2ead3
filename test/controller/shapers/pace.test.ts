import { expect } from "chai";
import fc from "fast-check";
import {
  changeOf,
  type DesiredWrite,
  fullBuckets,
  nextWrite,
  type TokenBuckets,
  type WritePace,
} from "../../../controller/shapers/pace.js";
import { ROUTEROS_PACE } from "../../../controller/shapers/routeros/pace.js";
import { TC_PACE } from "../../../controller/shapers/tc/pace.js";
import { DIRECTIONS } from "../../../shared/contract/direction.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { canTake } from "../../../shared/runtime/token-bucket.js";

const NOW = 100_000 as MonoMs;

/** A rate that stands as it is. */
const still: DesiredWrite = {
  desiredBps: 10e6,
  desiredAt: 0 as MonoMs,
  actualBps: 10e6,
  isOurs: true,
};
const fresh = (actualBps: number, desiredBps: number): DesiredWrite => ({
  ...{
    actualBps,
    desiredBps,
    desiredAt: NOW,
    isOurs: true,
  },
});

describe("nextWrite()", () => {
  const full = fullBuckets(ROUTEROS_PACE, NOW);
  for (const [what, pace, order, due] of [
    ["nothing that is so already", ROUTEROS_PACE, still, null],
    ["a cut", ROUTEROS_PACE, fresh(10e6, 9e6), "cut"],
    ["a raise", ROUTEROS_PACE, fresh(10e6, 11e6), "raise"],
    [
      "no raise by one part in a hundred",
      ROUTEROS_PACE,
      fresh(10e6, 10.1e6),
      null,
    ],
    ["no cut by so little", ROUTEROS_PACE, fresh(10e6, 9.9e6), null],
    ["with tc any cut", TC_PACE, fresh(10e6, 9.999e6), "cut"],
    [
      "the rest of a wish that stands still",
      ROUTEROS_PACE,
      { ...still, desiredBps: 10.001e6 },
      "raise",
    ],
    [
      "any difference where nobody knows whose rate it is",
      ROUTEROS_PACE,
      { ...fresh(10e6, 10.001e6), isOurs: false },
      "raise",
    ],
    ["a first limit, as a cut", ROUTEROS_PACE, fresh(Infinity, 10e6), "cut"],
  ] as const)
    it(`writes ${what} (CTRL-05)`, () => {
      const write = nextWrite(
        { download: order, upload: still },
        pace,
        full,
        NOW,
      );
      expect(write?.change ?? null).to.equal(due);
    });

  it("never writes a raise while a cut may be written, nor a smaller cut before a larger one (CTRL-05)", () => {
    fc.assert(
      fc.property(order(), order(), purses(), (download, upload, left) => {
        const orders = { download, upload };
        const write = nextWrite(orders, ROUTEROS_PACE, left, NOW);
        const cuts = DIRECTIONS.filter((name) =>
          isCutDue(orders[name], ROUTEROS_PACE, left),
        );
        if (cuts.length === 0) expect(write?.change).not.to.equal("cut");
        else {
          expect(write?.change).to.equal("cut");
          const depth = (name: "download" | "upload") =>
            orders[name].desiredBps / orders[name].actualBps;
          expect(depth(write!.direction)).to.equal(
            Math.min(...cuts.map(depth)),
          );
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function isCutDue(
  order: DesiredWrite,
  pace: WritePace,
  left: TokenBuckets,
): boolean {
  return (
    changeOf(order) === "cut" &&
    canTake(pace.limits.cut, left.cut, 1, NOW) &&
    (!order.isOurs ||
      NOW - order.desiredAt >= pace.settleMs ||
      order.actualBps >= order.desiredBps * (1 + pace.minRatio.cut))
  );
}

const order = (): fc.Arbitrary<DesiredWrite> =>
  fc.record({
    desiredBps: fc.integer({ min: 900, max: 1_100 }).map((kbps) => kbps * 1e3),
    actualBps: fc.integer({ min: 900, max: 1_100 }).map((kbps) => kbps * 1e3),
    desiredAt: fc.integer({ min: 90_000, max: NOW }).map((ms) => ms as MonoMs),
    isOurs: fc.boolean(),
  });

const purses = (): fc.Arbitrary<TokenBuckets> => {
  const purse = fc.record({
    left: fc.double({ min: 0, max: 3, noNaN: true }),
    at: fc.integer({ min: 99_000, max: NOW }).map((ms) => ms as MonoMs),
  });
  return fc.record({ cut: purse, raise: purse });
};
