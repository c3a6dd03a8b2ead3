import { expect } from "chai";
import { DIRECTIONS, opposite } from "../../../shared/direction.js";
import { between, deltaMs, play, use, type Scene } from "./loop.js";

/** Both directions loaded, and one falls: what the line carries, Mbit/s. */
const FALL_S = 8;
const END_S = 24;
const FALLS = {
  upload: {
    download: [[0, 40]],
    upload: [
      [0, 8],
      [FALL_S, 3],
    ],
    seconds: END_S,
  },
  download: {
    download: [
      [0, 40],
      [FALL_S, 15],
    ],
    upload: [[0, 8]],
    seconds: END_S,
  },
} as const satisfies Record<string, Scene>;

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("attribution, both directions loaded", function () {
  this.timeout(120_000);

  for (const falling of DIRECTIONS) {
    const innocent = opposite(falling);
    for (const [tellsWays, seeds, least, worst] of [
      [false, 20, 0.75, 0.5],
      [true, 5, 0.92, 0.88],
    ] as const) {
      const by = tellsWays ? "one-way delays" : "round trips alone";
      it(`the ${falling} falls, and by ${by} the ${innocent} keeps what it had; no queue stands, in ${seeds} seeds`, () => {
        const kept = Array.from({ length: seeds }, (_, i) => {
          const seed = i + 1;
          const beats = play({ ...FALLS[falling], seed, tellsWays });
          const low = between(beats, FALL_S, END_S);
          // failure 7: each direction protected by the other's alibi
          expect(longestAboveMs(low, 40), `seed ${seed}`).to.be.below(3_000);
          expect(use(low)[falling], `seed ${seed}`).to.be.above(0.8);
          return use(low)[innocent];
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
