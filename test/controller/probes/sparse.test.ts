import { expect } from "chai";
import fc from "fast-check";
import { nextSparse, notSparse } from "../../../controller/probes/sparse.js";
import { openRandom } from "../../../controller/simulation/random.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

/** When it is found sparse, and when no longer, in seconds: beats of 50 ms in which as many are answered as told. */
function edges(seconds: number, answersAt: (beat: number) => number) {
  let state = notSparse(0 as MonoMs);
  const found: number[] = [];
  for (let beat = 1; beat <= 20 * seconds; beat++) {
    const now = (50 * beat) as MonoMs;
    const { isSparse } = state;
    state = nextSparse(state, answersAt(beat), false, 50, now);
    if (state.isSparse !== isSparse) found.push(now / 1e3);
  }
  return found;
}

/** One answer so often. */
const each = (ms: number) => (beat: number) =>
  Math.floor((50 * beat) / ms) - Math.floor((50 * (beat - 1)) / ms);
/** Six answers in 300 ms, so often. */
const rounds = (ms: number) => (beat: number) =>
  (50 * beat) % ms < 300 ? 1 : 0;

describe("followAnswers()", () => {
  for (const [title, answersAt] of [
    ["three a second", each(333)],
    ["one a second", each(1000)],
    ["0.3 a second", each(3333)],
    ["one a second of each reflector, all at once", rounds(1000)],
  ] as const)
    it(`CTRL-04: finds ${title} too few once, and never takes it back while it lasts`, () => {
      const found = edges(120, answersAt);
      expect(found).to.have.lengthOf(1);
      expect(found[0]).to.be.below(20);
    });

  it("CTRL-04: finds ten a second enough, and whatever is lost of a line's at random up to a fifth", () => {
    expect(edges(120, each(100))).to.deep.equal([]);
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = openRandom(seed, "losses");
        const isLucky = () => random.uniform() > 0.2;
        expect(edges(60, () => (isLucky() ? 1 : 0))).to.deep.equal([]);
      }),
    );
  });

  it("CTRL-04: takes no outage for it, however long, nor two of them", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (one, two) => {
        const isOut = (beat: number) =>
          (beat > 100 && beat < 100 + one) || (beat > 700 && beat < 700 + two);
        expect(edges(60, (beat) => (isOut(beat) ? 0 : 1))).to.deep.equal([]);
      }),
    );
  });

  it("CTRL-04: ends when there are enough again, not before ten seconds of them", () => {
    const few = each(1000);
    const [, back] = edges(60, (beat) => (beat < 600 ? few(beat) : 1));
    expect(back).to.be.within(40, 47);
  });
});
