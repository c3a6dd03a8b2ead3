import { expect } from "chai";
import fc from "fast-check";
import { openCake, openCodel } from "../../../controller/simulation/queues.js";
import type { Stream } from "../../../controller/simulation/stream.js";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Bytes each stream got out, and lost, when all send at constant rates for so long. */
function run(inflows: readonly number[], rate: number, ms: number) {
  const streams = inflows.map((out): Stream => ({ out }));
  const cake = openCake(streams, false);
  const out = inflows.map(() => 0);
  const lost = inflows.map(() => 0);
  for (let t = 0; t < ms; t++) {
    cake.pass(rate, t);
    for (const [i, slot] of cake.slots.entries()) {
      out[i]! += slot.out;
      lost[i]! += slot.lost;
    }
  }
  return { cake, out, lost };
}

const rates = fc.array(fc.nat(3000), { minLength: 1, maxLength: 8 });
const rate = fc.integer({ min: 10, max: 5000 });

describe("openCake()", () => {
  it("lets out its rate when more comes, and otherwise what comes", () =>
    fc.assert(
      fc.property(rates, rate, (inflows, rate) => {
        const { out } = run(inflows, rate, 50);
        const expected = 50 * Math.min(rate, sum(inflows));
        expect(sum(out)).to.be.closeTo(expected, 1e-3);
      }),
    ));

  it("gives nobody less than an equal share who asks for it", () =>
    fc.assert(
      fc.property(rates, rate, (inflows, rate) => {
        const { out } = run(inflows, rate, 50);
        for (const [i, inflow] of inflows.entries())
          expect(out[i]).to.be.at.least(
            50 * Math.min(inflow, rate / inflows.length) - 1e-3,
          );
      }),
    ));

  it("lets through, keeps or loses every byte", () =>
    fc.assert(
      fc.property(rates, rate, fc.nat(2000), (inflows, rate, ms) => {
        const { cake, out, lost } = run(inflows, rate, ms);
        const kept = sum(cake.slots.map(({ waiting }) => waiting));
        const came = ms * sum(inflows);
        expect(sum(out) + sum(lost) + kept).to.be.closeTo(came, 1e-2);
      }),
      { numRuns: 30 },
    ));

  it("makes a sparse packet wait for one packet at most, and for none when idle", () => {
    expect(run([1000], 2000, 10).cake.packetMs()).to.equal(0);
    expect(run([3000], 1514, 10).cake.packetMs()).to.equal(1);
  });

  it("at the ingress, counts as sent what it loses", () => {
    const stream = { out: 3000 };
    const cake = openCake([stream], true);
    let passed = 0;
    for (let t = 0; t < 5000; t++) {
      cake.pass(1000, t);
      for (const slot of cake.slots) passed += slot.out + slot.lost;
    }
    // What was lost in the last millisecond, most of it beyond the limit, is charged later.
    const slot = cake.slots[0]!;
    stream.out = 0;
    for (let t = 5000; slot.waiting > 0 && t < 50_000; t++) {
      cake.pass(1000, t);
      passed += slot.out + slot.lost;
    }
    expect(passed).to.be.closeTo(5000 * 3000, 1);
  });
});

describe("openCodel()", () => {
  const dropsOf = (waiting: number, ms: number) => {
    const codel = openCodel();
    const drops: number[] = [];
    for (let t = 0; t < ms; t++)
      if (codel.drops(waiting, 1000, t)) drops.push(t);
    return drops;
  };

  it("drops nothing while the delay is at most 5 ms", () =>
    expect(dropsOf(5000, 10_000)).to.deep.equal([]));

  it("drops nothing while less than a packet and a half waits, however slow the line", () => {
    const codel = openCodel();
    for (let t = 0; t < 10_000; t++)
      expect(codel.drops(2000, 1, t)).to.equal(false);
  });

  it("drops first after 100 ms, then after 100 ms / sqrt(n)", () =>
    // 100, +100, +70.7, +57.7
    expect(dropsOf(5001, 400)).to.deep.equal([100, 200, 271, 329, 379]));
});
