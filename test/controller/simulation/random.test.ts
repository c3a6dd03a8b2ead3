import { expect } from "chai";
import fc from "fast-check";
import { openRandom } from "../../../controller/simulation/random.js";

const draw = (seed: number, purpose: string, count = 20) => {
  const random = openRandom(seed, purpose);
  return Array.from({ length: count }, () => random.uniform());
};

describe("openRandom()", () => {
  it("repeats itself for the same seed and purpose, and for no other", () =>
    fc.assert(
      fc.property(fc.nat(), fc.string(), (seed, purpose) => {
        const drawn = draw(seed, purpose);
        expect(draw(seed, purpose)).to.deep.equal(drawn);
        expect(draw(seed + 1, purpose)).not.to.deep.equal(drawn);
        expect(draw(seed, `${purpose} too`)).not.to.deep.equal(drawn);
      }),
    ));

  it("gives the same numbers on every machine", () =>
    expect(draw(1, "probes", 3).map((x) => x * 2 ** 32 - 0.5)).to.deep.equal([
      2485998071, 2507096399, 2320229155,
    ]));

  it("draws evenly from between 0 and 1, and never its ends", () => {
    const drawn = draw(7, "evenness", 10_000);
    expect(Math.min(...drawn)).to.be.above(0);
    expect(Math.max(...drawn)).to.be.below(1);
    const mean = drawn.reduce((a, b) => a + b) / drawn.length;
    expect(mean).to.be.closeTo(0.5, 0.01);
  });

  it("draws exponentially with the mean it was asked for", () => {
    const random = openRandom(3, "waits");
    let sum = 0;
    for (let i = 0; i < 10_000; i++) sum += random.exponential(40);
    expect(sum / 10_000).to.be.closeTo(40, 2);
    expect(random.exponential(Infinity)).to.equal(Infinity);
  });
});
