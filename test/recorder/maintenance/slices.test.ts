import { expect } from "chai";
import { inSlices } from "../../../recorder/maintenance/maintenance.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { handClock } from "../../fakes/hand-clock.js";

describe("inSlices()", () => {
  // work:   5 ms  70 ms       1 ms, nothing left          1 ms
  // pause:      20 ms    70 ms                   1000 ms
  it("leaves others at least half of the time, and looks again after a second (STOR-04)", async () => {
    const hands = handClock();
    const begun = hands.mono();
    const stop = new AbortController();
    const clock = {
      ...hands,
      sleepUntil(due: MonoMs) {
        hands.advance(Math.max(0, due - hands.mono()));
        return Promise.resolve();
      },
    };
    const took = [5, 70, 1, 1];
    const starts: number[] = [];
    await inSlices(clock, stop.signal, () => {
      starts.push(hands.mono() - begun);
      hands.advance(took[starts.length - 1]!);
      if (starts.length === took.length) stop.abort();
      return starts.length < 3;
    });
    expect(starts).to.deep.equal([0, 25, 165, 1_166]);
  });
});
