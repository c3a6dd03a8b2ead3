import { expect } from "chai";
import { metronome, type Cycle } from "../../../controller/line/metronome.js";
import type { Clock, MonoMs, WallMs } from "../../../shared/runtime/clock.js";

/** A clock that only moves when told to, or when somebody sleeps. */
function standingClock(
  oversleepMs: () => number,
): Clock & { spend(ms: number): void } {
  let now = 0;
  return {
    mono: () => now as MonoMs,
    wall: () => now as WallMs,
    sleepUntil(due) {
      now = Math.max(now, due) + oversleepMs();
      return Promise.resolve();
    },
    spend(ms) {
      now += ms;
    },
  };
}

async function ticks(
  count: number,
  clock: Clock,
  work: (tick: Cycle) => void,
): Promise<Cycle[]> {
  const seen: Cycle[] = [];
  for await (const tick of metronome(50, clock, new AbortController().signal)) {
    seen.push(tick);
    work(tick);
    if (seen.length === count) break;
  }
  return seen;
}

describe("metronome()", () => {
  it("drops the beats a late cycle slept through, counts them, and keeps its phase (CTRL-01)", async () => {
    // beat:   50  100  [150]  200  250      one 120 ms cycle at 100
    // served: *    *           *    *       150 is dropped; 200 is late by 20
    const clock = standingClock(() => 0);
    const seen = await ticks(4, clock, ({ at }) =>
      clock.spend(at === 100 ? 120 : 1),
    );
    expect(seen).to.deep.equal([
      { at: 50, lateMs: 0, missed: 0 },
      { at: 100, lateMs: 0, missed: 0 },
      { at: 220, lateMs: 20, missed: 1 },
      { at: 250, lateMs: 0, missed: 0 },
    ]);
  });

  it("does not drift, however late each sleep ends", async () => {
    const clock = standingClock(() => 3);
    const seen = await ticks(1000, clock, () => clock.spend(1));
    expect(seen.at(-1)).to.deep.equal({ at: 50_003, lateMs: 3, missed: 0 });
  });

  it("drops ten seconds in one go", async () => {
    const clock = standingClock(() => 0);
    const seen = await ticks(2, clock, () => clock.spend(10_020));
    expect(seen[1]).to.deep.equal({ at: 10_070, lateMs: 20, missed: 200 - 1 });
  });

  it("ends when it is told to, in the middle of a sleep", async () => {
    const { systemClock } = await import("../../../shared/runtime/clock.js");
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    for await (const tick of metronome(60_000, systemClock, stop.signal))
      expect.fail(String(tick.at));
  });

  it("never beats early on the real clock", async () => {
    const { systemClock } = await import("../../../shared/runtime/clock.js");
    let count = 0;
    for await (const tick of metronome(
      5,
      systemClock,
      new AbortController().signal,
    )) {
      expect(tick.lateMs).to.be.within(0, 5);
      if (++count === 40) break;
    }
  });
});
