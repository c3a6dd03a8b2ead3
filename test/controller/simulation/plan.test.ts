import { expect } from "chai";
import {
  type LineName,
  LINES,
  openCapacity,
} from "../../../controller/simulation/plan.js";
import { openRandom } from "../../../controller/simulation/random.js";
import { DIRECTIONS } from "../../../shared/contract/direction.js";

describe("openCapacity()", () => {
  it("has each step from its instant on, and the last for ever", () => {
    const at = openCapacity([
      { fromMs: 0, bps: 20 },
      { fromMs: 10, bps: 8 },
    ]);
    expect([0, 9, 10, 1e9].map(at)).to.deep.equal([20, 20, 8, 8]);
  });
});

for (const name of Object.keys(LINES) as LineName[])
  describe(`the line '${name}'`, () => {
    for (const direction of DIRECTIONS)
      it(`changes its ${direction} at least once in every 40 s, for ever`, () => {
        const steps = LINES[name][direction].capacity(openRandom(1, "plan"));
        let lastMs = 0;
        let lastBps = 0;
        for (const { fromMs, bps } of steps) {
          expect(fromMs - lastMs).to.be.at.most(40_000);
          expect(bps).not.to.equal(lastBps);
          [lastMs, lastBps] = [fromMs, bps];
          if (fromMs > 24 * 3600e3) break;
        }
      });
  });
