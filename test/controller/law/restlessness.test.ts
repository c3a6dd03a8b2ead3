import { expect } from "chai";
import fc from "fast-check";
import {
  gainsFor,
  initialRestlessness,
  nextRestlessness,
  restlessRatio,
} from "../../../controller/law/restlessness.js";
import { CALM, RESTLESS } from "../../../controller/law/tuning.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

/** Cuts at these capacities, bit/s, some time apart. */
function after(
  capacitiesBps: readonly number[],
  apartMs: number,
  from = initialRestlessness(0),
) {
  let state = from;
  capacitiesBps.forEach((bps, i) => {
    const before = capacitiesBps[i - 1] ?? null;
    state = nextRestlessness(state, before, bps, (i * apartMs) as MonoMs);
  });
  return state;
}

const apart = fc.integer({ min: 50, max: 600_000 });

describe("restlessness (CTRL-09)", () => {
  it("is between 0 and 1, and so are the gains between those of a calm line and of a restless one", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e5, max: 1e9, noNaN: true })),
        apart,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (capacities, apartMs, atFirst) => {
          const start = initialRestlessness(atFirst);
          expect(restlessRatio(start)).to.be.closeTo(atFirst, 1e-9);
          const state = after(capacities, apartMs, start);
          expect(restlessRatio(state)).to.be.within(0, 1);
          const gains = gainsFor(state);
          for (const name of Object.keys(CALM) as (keyof typeof CALM)[])
            expect(gains[name]).to.be.within(
              Math.min(CALM[name], RESTLESS[name]),
              Math.max(CALM[name], RESTLESS[name]),
            );
        },
      ),
    ));

  it("stays 0 on a line that is cut at the same capacity again and again, within 8 %", () =>
    fc.assert(
      fc.property(
        fc.double({ min: 1e6, max: 1e9, noNaN: true }),
        fc.array(fc.double({ min: 0.961, max: 1.04, noNaN: true })),
        apart,
        (bps, noise, apartMs) => {
          const state = after(
            noise.map((ratio) => ratio * bps),
            apartMs,
          );
          expect(state.changes).to.equal(0);
        },
      ),
    ));

  it("stays 0 after a fall, and small after a fall and a rise", () => {
    expect(restlessRatio(after([1e8, 3e7], 1000))).to.equal(0);
    expect(restlessRatio(after([1e8, 3e7, 1e8], 1000))).to.be.below(0.4);
  });

  it("is 1 after six cuts that each find another capacity, however fast they come", () =>
    fc.assert(
      fc.property(
        fc.double({ min: 5e6, max: 1e8, noNaN: true }),
        apart,
        (bps, apartMs) => {
          const to = [1, 2, 1, 1.5, 0.5, 2, 1].map((ratio) => ratio * bps);
          expect(restlessRatio(after(to, apartMs))).to.equal(1);
        },
      ),
    ));

  it("fades while cuts find the same, by no more than 2 s of time for each", () => {
    const restless = initialRestlessness(1);
    const cutsUntilCalm = (apartMs: number) => {
      let cuts = 1;
      while (restlessRatio(after(Array(cuts).fill(1e7), apartMs, restless)) > 0)
        cuts++;
      return cuts - 1;
    };
    expect(cutsUntilCalm(2_000)).to.equal(9);
    expect(cutsUntilCalm(60_000)).to.equal(9);
    expect(cutsUntilCalm(500)).to.equal(34);
  });

  it("takes what three packets explain for no change: at 0.5 Mbit/s that is half of the capacity", () => {
    const slow = Array.from({ length: 20 }, (_, i) => (i % 2 ? 5e5 : 9e5));
    expect(after(slow, 500).changes).to.equal(0);
    const fast = slow.map((bps) => 100 * bps);
    expect(restlessRatio(after(fast, 500))).to.equal(1);
  });
});
