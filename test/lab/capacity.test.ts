import { expect } from "chai";
import { openCapacity } from "../../controller/simulation/plan.js";
import { openRandom } from "../../controller/simulation/random.js";
import { lte, starlink, steps } from "../../lab/capacity.js";
import { quantile } from "../../lab/statistics.js";

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
