import { expect } from "chai";
import {
  type Direction,
  DIRECTIONS,
  opposite,
} from "../../../../shared/contract/direction.js";
import { between, deltaMs, play, type Scene, use } from "../loop.js";

/** Both directions loaded, and one falls: what the line carries, Mbit/s. */
const LOW_S = 16;
const falls = (falling: Direction, atS: number): Scene => ({
  download:
    falling === "download"
      ? [
          [0, 40],
          [atS, 15],
        ]
      : [[0, 40]],
  upload:
    falling === "upload"
      ? [
          [0, 8],
          [atS, 3],
        ]
      : [[0, 8]],
  seconds: atS + LOW_S,
});
/** A capacity may fall at any moment while the directions probe in turn, also during a cut test. */
const momentS = (seed: number) => 8 + ((0.113 * seed) % 2);

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("attribution, both directions loaded", function () {
  for (const falling of DIRECTIONS) {
    const other = opposite(falling);
    for (const [hasOneWay, seeds, least, worst] of [
      [false, 20, 0.85, 0.75],
      [true, 10, 0.9, 0.86],
    ] as const) {
      const by = hasOneWay ? "one-way delays" : "round trips alone";
      it(`the ${falling} falls, and by ${by} the ${other} keeps its rate; no queue stands, in ${seeds} seeds`, () => {
        const kept = Array.from({ length: seeds }, (_, i) => {
          const seed = i + 1;
          const atS = momentS(seed);
          const beats = play({ ...falls(falling, atS), seed, hasOneWay });
          const low = between(beats, atS, atS + LOW_S);
          // neither direction stays at its floor because the other is immune
          expect(longestAboveMs(low, 40), `seed ${seed}`).to.be.below(3_000);
          expect(use(low)[falling], `seed ${seed}`).to.be.above(0.7);
          return use(low)[other];
        });
        expect(mean(kept)).to.be.above(least);
        expect(Math.min(...kept)).to.be.above(worst);
      });
    }
  }
});

/** For how long at most the delta stayed above, ms. */
function longestAboveMs(
  beats: Parameters<typeof deltaMs>[0],
  aboveMs: number,
): number {
  let [longest, since] = [0, null as number | null];
  for (const { atS, state } of beats) {
    const isAbove = (state.estimate.deltaMs ?? 0) > aboveMs;
    since = isAbove ? (since ?? atS) : null;
    if (since !== null) longest = Math.max(longest, 1e3 * (atS - since));
  }
  return longest;
}
