import { expect } from "chai";
import fc from "fast-check";
import {
  decodeFormerSketch,
  decodeSketch,
  encodeSketch,
  sketchOf,
  mergeSketches,
  sketchQuantile,
  RELATIVE_ERROR,
} from "../../../recorder/tiers/sketch.js";

const value = fc.oneof(
  fc.constantFrom(0, 1, -1),
  fc.integer({ min: -300, max: 300 }),
  fc.integer({ min: -(2 ** 36), max: 2 ** 36 }),
);
const values = fc.array(value, { minLength: 1, maxLength: 60 });
const share = fc.oneof(
  fc.constantFrom(0, 0.5, 0.99, 1),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

describe("sketch", () => {
  it("knows every quantile within 2.2 % of itself, on either side of zero (STOR-03)", () =>
    fc.assert(
      fc.property(values, share, (all, q) => {
        const sorted = [...all].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * all.length)) - 1]!;
        expect(sketchQuantile(sketchOf(all), q)).to.be.closeTo(
          exact,
          Math.abs(exact) * (RELATIVE_ERROR + 1e-9),
        );
      }),
    ));

  it("merges to what all values at once give, in whatever order (STOR-03)", () =>
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const [A, B, C] = [a, b, c].map(sketchOf) as [
          ReturnType<typeof sketchOf>,
          ReturnType<typeof sketchOf>,
          ReturnType<typeof sketchOf>,
        ];
        const all = encodeSketch(sketchOf([...a, ...b, ...c]));
        for (const merged of [
          mergeSketches(mergeSketches(A, B), C),
          mergeSketches(C, mergeSketches(B, A)),
        ])
          expect(encodeSketch(merged).equals(all)).to.be.true;
      }),
    ));

  it("comes back from its bytes", () =>
    fc.assert(
      fc.property(values, (all) => {
        const sketch = sketchOf(all);
        expect([...decodeSketch(encodeSketch(sketch))]).to.deep.equal([
          ...sketch,
        ]);
      }),
    ));

  it("has the buckets of a native histogram of schema 4: (2^((i-1)/16), 2^(i/16)] at size i + 1", () => {
    for (let power = 0; power <= 36; power++) {
      const bound = 2 ** power;
      expect([...sketchOf([bound]).keys()]).to.deep.equal([16 * power + 1]);
      expect([...sketchOf([bound + 1e-3 * bound]).keys()]).to.deep.equal([
        16 * power + 2,
      ]);
    }
  });

  it("reads sketches of the former factor: relative errors add up", () =>
    fc.assert(
      fc.property(values, share, (all, q) => {
        const growth = 1.02 / 0.98;
        const former = new Map<number, number>();
        for (const one of [...all].sort((a, b) => a - b)) {
          const size =
            one === 0
              ? 0
              : Math.sign(one) *
                (1 + Math.ceil(Math.log(Math.abs(one)) / Math.log(growth)));
          former.set(size, (former.get(size) ?? 0) + 1);
        }
        const read = decodeFormerSketch(encodeSketch(former));
        const sorted = [...all].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * all.length)) - 1]!;
        expect(sketchQuantile(read, q)).to.be.closeTo(
          exact,
          Math.abs(exact) * (0.0201 + 1.0201 * RELATIVE_ERROR),
        );
      }),
    ));

  it("keeps a calm minute in a few dozen bytes", () => {
    const minute = Array.from({ length: 1_200 }, (_, i) => 20_000 + 7 * i);
    expect(encodeSketch(sketchOf(minute)).length).to.be.below(40);
  });

  it("is empty where nothing was: no quantile", () => {
    expect(sketchQuantile(sketchOf([]), 0.5)).to.equal(null);
    expect(decodeSketch(new Uint8Array()).size).to.equal(0);
  });
});
