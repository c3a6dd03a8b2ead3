import { expect } from "chai";
import { openClockWatch } from "../../../recorder/maintenance/clock-watch.js";
import { handClock } from "../../fakes/hand-clock.js";

const HOUR = 3_600_000;

describe("openClockWatch()", () => {
  for (const [stepMs, held] of [
    [HOUR, false],
    [HOUR + 1, true],
    [-HOUR - 1, true],
    [400 * 24 * HOUR, true],
  ] as const)
    it(`${held ? "holds for an hour" : "goes on"} after a step of ${stepMs / HOUR} h (STOR-04)`, () => {
      const clock = handClock();
      const watch = openClockWatch(clock, null);
      expect(watch.look()).to.equal(null);
      clock.advance(10 * HOUR);
      clock.step(stepMs);
      expect(watch.look()).to.equal(held ? stepMs : null);
      expect(watch.holdMs()).to.equal(held ? HOUR : 0);
      clock.advance(HOUR - 1);
      expect(watch.look()).to.equal(null);
      expect(watch.holdMs()).to.equal(held ? 1 : 0);
      clock.advance(1);
      expect(watch.holdMs()).to.equal(0);
    });

  it("adds small steps up", () => {
    const clock = handClock();
    const watch = openClockWatch(clock, null);
    clock.step(0.7 * HOUR);
    expect(watch.look()).to.equal(null);
    clock.step(0.7 * HOUR);
    expect(watch.look()).to.be.closeTo(1.4 * HOUR, 1);
  });

  for (const [ageMs, held] of [
    [0.9 * HOUR, false],
    [2 * HOUR, true],
    [-400 * 24 * HOUR, true],
  ] as const)
    it(`${held ? "holds" : "goes on"} where it starts ${ageMs / HOUR} h after the newest frame (STOR-04)`, () => {
      const clock = handClock();
      const watch = openClockWatch(clock, clock.wall() - ageMs);
      expect(watch.look() !== null).to.equal(held);
      expect(watch.holdMs() > 0).to.equal(held);
      // from now on the monotonic clock is the measure
      clock.step(0.9 * HOUR);
      expect(watch.look()).to.equal(null);
    });
});
