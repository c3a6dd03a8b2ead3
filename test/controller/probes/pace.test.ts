import { expect } from "chai";
import {
  due,
  isResting,
  noRest,
} from "../../../controller/probes/outstanding.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const ms = (value: number) => value as MonoMs;

/** Which of the beats of 50 ms have a probe. */
function lived(
  beats: number,
  roundMsAt: (beat: number) => number | null,
): string {
  let pace = noRest(ms(0));
  return Array.from({ length: beats }, (_, beat) => {
    pace = { ...pace, roundMs: roundMsAt(beat) };
    const { isDue, after } = due(pace, 3, ms(beat * 50 + 5_000));
    pace = after;
    return isDue ? "p" : isResting(pace) ? "." : "?";
  }).join("");
}

describe("due()", () => {
  it("sends at every beat, or in rounds with a rest, and again at once", () => {
    expect(lived(5, () => null)).to.equal("ppppp");
    expect(lived(22, () => 500)).to.equal("ppp.......ppp.......pp");
    expect(lived(9, (beat) => (beat < 6 ? 500 : null))).to.equal("ppp...ppp");
  });
});
