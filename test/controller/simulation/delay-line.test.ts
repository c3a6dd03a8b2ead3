import { expect } from "chai";
import fc from "fast-check";
import {
  LONGEST_MS,
  openDelayLine,
} from "../../../controller/simulation/stream.js";

describe("openDelayLine()", () => {
  it("gives back what was put in after the time asked for, once", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: LONGEST_MS }), (afterMs) => {
        const line = openDelayLine();
        for (let i = 0; i < 100; i++) line.take();
        line.put(7, afterMs);
        let ms = 1;
        while (line.take() === 0) ms++;
        expect(ms).to.equal(afterMs);
        for (let i = 0; i <= LONGEST_MS; i++) expect(line.take()).to.equal(0);
      }),
      { numRuns: 10 },
    ));

  for (const [asked, got] of [
    [0, 1], // never within the same millisecond
    [1.4, 1],
    [Infinity, LONGEST_MS], // a queue that does not move
  ] as const)
    it(`takes ${asked} ms for ${got} ms`, () => {
      const line = openDelayLine();
      line.put(1, asked);
      let ms = 1;
      while (line.take() === 0) ms++;
      expect(ms).to.equal(got);
    });
});
