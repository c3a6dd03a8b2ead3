import { expect } from "chai";
import { everySecond } from "../../../recorder/maintenance/maintenance.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { handClock } from "../../fakes/hand-clock.js";

describe("everySecond()", () => {
  // due:   1000  2000  3000  [4000]  5000   the work at 2000 takes 2700 ms
  // done:  *     *           4700    *      3000 is late, 4000 is dropped, the phase is kept
  it("keeps its phase, and drops the turns it missed", async () => {
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
    const turns: number[] = [];
    await everySecond(clock, stop.signal, () => {
      turns.push(hands.mono() - begun);
      if (turns.length === 2) hands.advance(2_700);
      if (turns.length === 4) stop.abort();
    });
    expect(turns).to.deep.equal([1_000, 2_000, 4_700, 5_000]);
  });
});
