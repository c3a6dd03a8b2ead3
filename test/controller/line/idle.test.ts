import { expect } from "chai";
import fc from "fast-check";
import type { Counted } from "../../../controller/law/inputs.js";
import {
  nextUse,
  type IdleRule,
  inUse,
  isIdle,
} from "../../../controller/line/idle.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const ms = (value: number) => value as MonoMs;
const FLOOR_BPS = 4e6;
const BEAT_MS = 50;

const rule = (afterMs: number | null): IdleRule => ({
  afterMs,
  floorBps: { download: FLOOR_BPS, upload: FLOOR_BPS },
});

/** Whether it is idle after each beat, at so many bit/s of download in it; null: nothing was counted. */
function lived(beats: readonly (number | null)[], afterMs: number | null) {
  let downloadBytes = 0;
  let use = inUse(ms(0));
  return beats.map((bps, i) => {
    const at = ms((i + 1) * BEAT_MS);
    downloadBytes += ((bps ?? 0) * BEAT_MS) / 8e3;
    const counted: Counted = { at, downloadBytes, uploadBytes: 0 };
    use = nextUse(use, bps === null ? [] : [counted], rule(afterMs), at);
    return isIdle(use, rule(afterMs), at);
  });
}

const times = (count: number, bps: number | null) =>
  Array.from({ length: count }, () => bps);

describe("isIdle()", () => {
  it("is so after the time without use, and no longer in the beat that brings traffic", () => {
    const seen = lived([...times(30, 1e5), 1e6, 1e5], 1_000);
    expect(seen.indexOf(true)).to.equal(20);
    expect(seen.slice(-3)).to.deep.equal([true, false, false]);
  });

  it("is never so where nothing is counted, or counting stopped, or it is not wanted", () => {
    expect(lived(times(100, null), 1_000)).not.to.include(true);
    expect(
      lived([...times(30, 0), ...times(40, null)], 1_000).slice(-20),
    ).not.to.include(true);
    expect(lived(times(100, 0), null)).not.to.include(true);
  });

  it("is never so within the time after a beat that used a fifth of the floor", () => {
    const beat = fc.option(fc.constantFrom(0, 1e5, 7e5, 9e5, 5e6));
    fc.assert(
      fc.property(fc.array(beat, { maxLength: 80 }), (beats) => {
        const seen = lived(beats, 1_000);
        // what was counted last reaches back over the beats without counting
        seen.forEach((isIdleNow, i) => {
          const recent = beats.slice(Math.max(0, i - 19), i + 1);
          if (recent.every((bps) => bps !== null && bps >= 0.2 * FLOOR_BPS))
            expect(isIdleNow).to.equal(false);
          if ((beats[i] ?? 0) >= FLOOR_BPS && beats[i - 1] !== null)
            expect(isIdleNow).to.equal(false);
        });
      }),
    );
  });
});
