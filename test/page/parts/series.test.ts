import { expect } from "chai";
import fc from "fast-check";
import { shareOf } from "../../../page/series.js";

describe("shareOf()", () => {
  it("is the part of a step that a state was held, never none of it, and all where that is not known", () => {
    expect(shareOf(3, [3_599_950, 0, 0, 50])).to.equal(0.1);
    expect(shareOf(0, [300, 100, 0, 0])).to.equal(0.8);
    expect(shareOf(2, [0, 0, 400, 0])).to.equal(1);
    expect(shareOf(2, undefined)).to.equal(1);
    expect(shareOf(2, [0, 0, 0, 0])).to.equal(1);
    fc.assert(
      fc.property(
        fc.array(fc.nat(1e6), { minLength: 4, maxLength: 4 }),
        fc.nat(3),
        (heldMs, code) => {
          fc.pre((heldMs[code] ?? 0) > 0);
          const all = heldMs.reduce((sum, ms) => sum + ms, 0);
          const share = (heldMs[code] ?? 0) / all;
          expect(shareOf(code, heldMs)).to.be.within(share - 1e-9, 1);
          expect(shareOf(code, heldMs)).to.be.below(share + 0.1);
        },
      ),
    );
  });
});
