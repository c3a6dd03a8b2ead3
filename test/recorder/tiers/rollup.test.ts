import { expect } from "chai";
import fc from "fast-check";
import {
  merge,
  rollupOf,
  VALUE_MAX,
  type RollupPoint,
  type Rollup,
} from "../../../recorder/tiers/rollup.js";

const point: fc.Arbitrary<RollupPoint> = fc.tuple(
  fc.nat(20),
  fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  ),
);
const points = fc.array(point, { minLength: 1, maxLength: 20 });
const sumUp = (all: readonly RollupPoint[]) => rollupOf(all, true)!;
const shown = ({ sketch, ...rest }: Rollup) => ({
  ...rest,
  sketch: [...(sketch ?? [])],
});

describe("rollup", () => {
  it("is the same for an hour merged from its minutes and the hour at once, in any order (STOR-03)", () =>
    fc.assert(
      fc.property(
        fc.array(points, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        (minutes, order) => {
          const shuffled = minutes
            .map((minute) => [order.next().value, sumUp(minute)] as const)
            .sort(([a], [b]) => a - b)
            .map(([, rollup]) => rollup);
          const hour = shown(sumUp(minutes.flat()));
          expect(shown(shuffled.reduce(merge))).to.deep.equal(hour);
          expect(
            shown(shuffled.reduceRight((late, early) => merge(early, late))),
          ).to.deep.equal(hour);
        },
      ),
    ));

  it("counts, adds, and keeps the extremes and the newest", () =>
    expect(
      rollupOf(
        [
          [10, 3],
          [30, -4],
          [20, 9],
          [30, -6],
        ],
        false,
      ),
    ).to.deep.equal({
      count: 4,
      sum: 2,
      min: -6,
      max: 9,
      last: -4,
      lastMs: 30,
      sketch: null,
    }));

  it("is nothing where nothing was", () =>
    expect(rollupOf([], true)).to.equal(null));

  it("keeps an hour of the greatest values exact", () => {
    const hour = Array.from(
      { length: 72_000 },
      (_, i) => [i, 2 ** 40] as const,
    );
    const { sum, max } = rollupOf(hour, false)!;
    expect(max).to.equal(VALUE_MAX);
    expect(sum).to.equal(72_000 * VALUE_MAX);
    expect(Number.isSafeInteger(sum)).to.be.true;
  });
});
