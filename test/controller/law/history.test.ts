import { expect } from "chai";
import fc from "fast-check";
import { between, deltaMs, play, type Scene } from "./loop.js";

type Steps = Scene["download"];

/** What a line carried over some time, outages among it, and from when on it is steady; Mbit/s. */
const history = (first: number): fc.Arbitrary<Steps> => {
  const carried = fc.oneof(
    fc.constant(0.15 * first), // hardly more than the floor
    fc.double({ min: 0.15 * first, max: 1.2 * first, noNaN: true }),
  );
  const lasted = fc.double({ min: 3, max: 15, noNaN: true });
  const outage = fc.constant(0.001);
  return fc
    .tuple(
      fc.array(fc.tuple(lasted, fc.oneof(outage, carried)), { maxLength: 4 }),
      carried,
    )
    .map(([befell, last]) => {
      let atS = 0;
      const later = [...befell, [5, last] as const].map(
        ([s, mbps]) => [(atS += s), mbps] as const,
      );
      return [[0, first], ...later];
    });
};

const SCENES = fc.record({
  ...{ download: history(20), upload: history(10) },
  flows: fc.record({
    download: fc.integer({ min: 1, max: 4 }),
    upload: fc.integer({ min: 0, max: 4 }),
  }),
  detourMs: fc.integer({ min: 0, max: 100 }),
  hasOneWay: fc.boolean(),
});

/** Long enough for a path to be believed, and for TCP to have waited for an outage to end. */
const STEADY_S = 60;
const LAST_S = 10;

const endOf = (steps: Steps): number => steps.at(-1)?.[0] ?? 0;

describe("the law, whatever happened to the line", function () {
  // always the same histories: a search takes minutes, for numRuns in the hundreds and another seed
  it("a minute later no queue stands", () => {
    fc.assert(
      fc.property(SCENES, ({ detourMs, ...scene }) => {
        const seconds =
          Math.max(endOf(scene.download), endOf(scene.upload)) + STEADY_S;
        const detours = () => [{ fromMs: 10_000, ms: detourMs }];
        const beats = play({ ...scene, seconds, plan: { detours } });
        const last = between(beats, seconds - LAST_S, seconds);
        expect(deltaMs(last, 0.75)).to.be.below(150);
      }),
      { numRuns: 15, seed: 2 },
    );
  });
});
