import { expect } from "chai";
import fc from "fast-check";
import { stepsOf } from "../../../recorder/tiers/step.js";

describe("stepsOf()", () => {
  const point = fc.tuple(fc.nat(20_000), fc.integer({ min: -9, max: 9 }));

  it("sums up each step, however the points are batched (STOR-06)", () =>
    fc.assert(
      fc.property(
        fc.array(point, { maxLength: 60 }),
        fc.array(fc.nat(60), { maxLength: 6 }),
        fc.integer({ min: 1, max: 7_000 }),
        (drawn, cuts, stepMs) => {
          const points = drawn.toSorted(([a], [b]) => a - b);
          const bounds = [0, ...cuts.toSorted((a, b) => a - b), points.length];
          const batches = bounds.map((from, i) =>
            points.slice(from, bounds[i + 1] ?? points.length),
          );
          const starts = [...new Set(points.map(([at]) => at - (at % stepMs)))];
          const wanted = starts.map((startMs) => {
            const values = points
              .filter(([at]) => at >= startMs && at < startMs + stepMs)
              .map(([, value]) => value);
            return {
              startMs,
              count: values.length,
              sum: values.reduce((a, b) => a + b, 0),
              min: Math.min(...values),
              max: Math.max(...values),
            };
          });
          expect([...stepsOf(batches, stepMs)].flat()).to.deep.equal(wanted);
        },
      ),
    ));

  it("gives a step as soon as a later one has begun", () => {
    const steps = stepsOf([[[0, 1]], [[1_000, 2]], []], 1_000);
    const sizes = [...steps].map((complete) => complete.length);
    expect(sizes).to.deep.equal([0, 1, 0, 1]);
  });
});
