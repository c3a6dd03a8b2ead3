import { expect } from "chai";
import fc from "fast-check";
import { openCapacity } from "../../controller/simulation/plan.js";
import { openRandom } from "../../controller/simulation/random.js";
import { dips, lte, redrawn, starlink, steps } from "../../lab/capacity.js";
import { mean, quantile } from "../../lab/statistics.js";

type Capacity = ReturnType<typeof lte>;

/** Mbit/s in each of so many seconds, of several seeds one after the other. */
function secondsOf(capacity: Capacity, seeds: number, seconds: number) {
  return Array.from({ length: seeds }, (_, seed) => {
    const at = openCapacity(capacity(openRandom(seed, "capacity")));
    return Array.from({ length: seconds }, (_, s) => {
      let sum = 0;
      for (let ms = 0; ms < 1000; ms += 10) sum += at(1000 * s + ms);
      return sum / 100 / 1e6;
    });
  }).flat();
}

/** The longest time without any capacity, ms. */
function longestHoleMs(capacity: Capacity, seed: number, ms: number): number {
  const at = openCapacity(capacity(openRandom(seed, "capacity")));
  let longest = 0;
  let length = 0;
  for (let now = 0; now < ms; now += 10) {
    length = at(now) === 0 ? length + 10 : 0;
    longest = Math.max(longest, length);
  }
  return longest;
}

describe("lte()", () => {
  const seconds = secondsOf(lte(14), 20, 140);
  const sorted = [...seconds].sort((a, b) => a - b);

  it("has the spread of the recordings: 4.1, 14.0, 37.2 Mbit/s", () => {
    expect(quantile(sorted, 0.05)).to.be.closeTo(4.1, 1);
    expect(quantile(sorted, 0.5)).to.be.closeTo(14, 1.5);
    expect(quantile(sorted, 0.95)).to.be.closeTo(37.2, 6);
  });

  it("halves from one second to the next as often: 11 times in 140 s", () => {
    const halvings = seconds.filter(
      (mbps, i) => i % 140 > 0 && mbps < 0.5 * (seconds[i - 1] ?? 0),
    ).length;
    expect(halvings / 20).to.be.within(5, 14);
  });

  it("has holes of up to a second or two", () => {
    const holes = Array.from({ length: 20 }, (_, seed) =>
      longestHoleMs(lte(14), seed, 140_000),
    );
    expect(
      quantile(
        holes.sort((a, b) => a - b),
        0.5,
      ),
    ).to.be.within(400, 1500);
  });
});

describe("starlink()", () => {
  const sorted = secondsOf(starlink(48), 20, 120).sort((a, b) => a - b);

  it("has the spread of the recording: 35.8, 48.1, 62.6 Mbit/s", () => {
    expect(quantile(sorted, 0.05)).to.be.closeTo(35.8, 3);
    expect(quantile(sorted, 0.5)).to.be.closeTo(48.1, 3);
    expect(quantile(sorted, 0.95)).to.be.closeTo(62.6, 5);
  });

  it("has a hole of 50 to 200 ms at each change of satellites", () => {
    for (let seed = 0; seed < 10; seed++)
      expect(longestHoleMs(starlink(48), seed, 120_000)).to.be.within(50, 210);
  });
});

/** The first steps of a capacity, Mbit/s. */
function stepsOf(capacity: Capacity, seed: number, count: number) {
  const found: { fromMs: number; mbps: number }[] = [];
  for (const { fromMs, bps } of capacity(openRandom(seed, "capacity"))) {
    if (found.length === count) break;
    found.push({ fromMs, mbps: bps / 1e6 });
  }
  return found;
}

describe("redrawn()", () => {
  it("changes as often as it is told to, and keeps its bounds", () =>
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 10_000 }),
        (seed, everyMs) => {
          const drawn = stepsOf(redrawn(20, everyMs), seed, 50);
          for (const [i, { fromMs, mbps }] of drawn.entries()) {
            expect(fromMs).to.equal(i * everyMs);
            expect(mbps).to.be.within(8, 40);
          }
        },
      ),
    ));

  const logs = stepsOf(redrawn(20, 1000), 1, 20_000).map(({ mbps }) =>
    Math.log(mbps / 20),
  );

  it("has its median in the middle, and as much above it as below by ratio", () => {
    const sorted = [...logs].sort((a, b) => a - b);
    expect(quantile(sorted, 0.5)).to.be.closeTo(0, 0.02);
    expect(quantile(sorted, 0.84)).to.be.closeTo(0.5, 0.03);
    expect(quantile(sorted, 0.16)).to.be.closeTo(-0.5, 0.03);
  });

  it("has no memory", () => {
    const both = mean(logs.slice(1).map((log, i) => log * (logs[i] ?? 0)));
    expect(both / mean(logs.map((log) => log * log))).to.be.within(-0.03, 0.03);
  });
});

describe("dips()", () => {
  it("is low for its share of the time, and for so long each time", () =>
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 1, max: 19 }),
        (seed, everyS, some) => {
          const lowS = Math.min(some, everyS - 1);
          const line = { mbps: 20, lowMbps: 8, everyS, lowS, untilS: 200 };
          const parts = stepsOf(dips(line), seed, Infinity);
          expect(parts[0]).to.deep.equal({ fromMs: 0, mbps: 20 });
          for (const [i, { fromMs, mbps }] of parts.entries()) {
            const isLow = i % 2 === 1;
            expect(mbps).to.equal(isLow ? 8 : 20);
            const lastsMs = (parts[i + 1]?.fromMs ?? NaN) - fromMs;
            if (isLow && i + 1 < parts.length)
              expect(lastsMs).to.equal(1000 * lowS);
            else if (i > 0 && i + 1 < parts.length)
              expect(lastsMs).to.equal(1000 * (everyS - lowS));
          }
        },
      ),
    ));
});

describe("steps()", () => {
  it("delays all its steps by the same random time", () => {
    const [first, second, third] = [
      ...steps([0, 20], [30, 8], [60, 20])(openRandom(7, "steps")),
    ];
    expect(first?.fromMs).to.equal(0);
    expect(second?.fromMs).to.be.within(30_000, 35_000);
    expect(third!.fromMs - second!.fromMs).to.equal(30_000);
  });
});
