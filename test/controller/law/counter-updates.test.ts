import { expect } from "chai";
import fc from "fast-check";
import {
  nextCounterUpdates,
  NO_COUNTER_UPDATES,
} from "../../../controller/law/evidence.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { between, deltaMs, play, use } from "./loop.js";

const READ_EVERY_MS = 25;

/** What is found of counters that move each `everyMs` while so many bit/s pass. */
function found(everyMs: number, bps: number, seconds: number) {
  let counterUpdates = NO_COUNTER_UPDATES;
  for (let at = 0; at < 1e3 * seconds; at += READ_EVERY_MS) {
    const countedMs = at - (at % everyMs);
    const bytes = Math.round((countedMs * bps) / 8e3);
    const counted = { at: at as MonoMs, downloadBytes: bytes, uploadBytes: 0 };
    counterUpdates = nextCounterUpdates(counterUpdates, [counted]);
  }
  return counterUpdates.heldMs;
}

describe("byte counters that stand still", function () {
  this.timeout(60_000);

  it("CTRL-04: are recognized by how often they move, whatever the traffic", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 350, max: 2500 }),
        fc.double({ min: 1e6, max: 1e10, noNaN: true }),
        (everyMs, bps) => {
          const heldMs = found(everyMs, bps, 12);
          expect(heldMs).to.be.within(
            everyMs - READ_EVERY_MS,
            everyMs + READ_EVERY_MS,
          );
        },
      ),
    );
  });

  it("CTRL-04: are not mistaken for those of a line that is hardly used, nor for prompt ones", () => {
    // six pings a second
    expect(found(1000, 5e3, 60)).to.equal(0);
    expect(found(READ_EVERY_MS, 1e8, 10)).to.equal(0);
    expect(found(200, 1e8, 10)).to.equal(0);
  });

  it("CTRL-04: are found prompt again", () => {
    const slow = {
      ...NO_COUNTER_UPDATES,
      movedAt: 0 as MonoMs,
      heldMs: 1000,
      held: 3,
    };
    const fresh = Array.from({ length: 20 }, (_, i) => ({
      at: (25 * (i + 1)) as MonoMs,
      downloadBytes: 50_000 * (i + 1),
      uploadBytes: 0,
    }));
    expect(nextCounterUpdates(slow, fresh).heldMs).to.equal(0);
  });

  for (const countedEveryMs of [500, 1000, 2000])
    it(`CTRL-08: that move each ${countedEveryMs} ms cost little of a line that falls and rises`, () => {
      const beats = play({
        download: [
          [0, 20],
          [25, 8],
          [50, 20],
        ],
        upload: [[0, 20]],
        flows: { download: 4, upload: 0 },
        ...{ seconds: 75, plan: { countedEveryMs } },
      });
      const loaded = between(beats, 5, 75);
      expect(use(loaded).download).to.be.above(0.85);
      expect(deltaMs(loaded, 0.95)).to.be.below(60);
      expect(beats.at(-1)?.state.counterUpdates.heldMs).to.be.closeTo(
        countedEveryMs,
        50,
      );
    });
});
