import { expect } from "chai";
import { openCapacity } from "../../controller/simulation/plan.js";
import { openRandom } from "../../controller/simulation/random.js";
import { play } from "../../lab/run.js";
import { SCENARIOS } from "../../lab/scenarios.js";
import { mean, quantile } from "../../lab/statistics.js";
import { policyOf, scenarioOf } from "../../lab/tasks.js";

/** Mbit/s of a scenario's download at instants of its time, of several seeds one after the other. */
function capacityOf(id: string, everyMs: number, seeds = 30): number[] {
  const { plan, seconds } = scenarioOf(id);
  return Array.from({ length: seeds }, (_, seed) => {
    const at = openCapacity(plan.download.capacity(openRandom(seed, id)));
    return Array.from(
      { length: (1000 * seconds) / everyMs },
      (_, i) => at(i * everyMs) / 1e6,
    );
  }).flat();
}

const titled = (pattern: RegExp) =>
  SCENARIOS.flatMap(({ id, title }) => {
    const found = pattern.exec(title);
    return found === null ? [] : [{ id, numbers: found.slice(1).map(Number) }];
  });

describe("SCENARIOS", () => {
  it("have each an id of their own", () => {
    const ids = SCENARIOS.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  const redrawn = titled(/median (\d+) Mbit\/s, redrawn each (\d+) ms/);

  it("redraw lines in four paces", () => {
    expect(redrawn).to.have.length(4);
  });

  for (const { id, numbers } of redrawn)
    it(`${id} has the median of its title, and changes as often`, () => {
      const [median = NaN, everyMs = NaN] = numbers;
      const capacity = capacityOf(id, 100).slice(0, 9000);
      const middle = quantile(
        capacityOf(id, everyMs).sort((a, b) => a - b),
        0.5,
      );
      const changes = capacity.filter((mbps, i) => mbps !== capacity[i - 1]);
      expect(middle / median).to.be.within(0.93, 1.07);
      expect(capacity.length / changes.length).to.be.closeTo(
        everyMs / 100,
        0.1 * (everyMs / 100),
      );
    });

  it("B3 has the mean capacity of its title", () => {
    const [dip] = titled(/(\d+) Mbit\/s, with (\d+) for (\d+) of each (\d+) s/);
    const [mbps = NaN, low = NaN, lowS = NaN, everyS = NaN] = dip!.numbers;
    expect(dip!.id).to.equal("B3");
    expect(mean(capacityOf("B3", 100))).to.be.closeTo(
      mbps - ((mbps - low) * lowS) / everyS,
      0.4,
    );
  });

  for (const id of ["B4", "R7"])
    it(`${id} is full at times and idle at times`, () => {
      const { bins } = play(scenarioOf(id), policyOf("oracle"), 1);
      const uses = bins
        .slice(80)
        .map(
          ({ deliveredBps, capacityBps }) =>
            deliveredBps.download / capacityBps.download,
        );
      const share = (is: (use: number) => boolean) =>
        uses.filter(is).length / uses.length;
      expect(share((use) => use > 0.8)).to.be.within(0.1, 0.6);
      expect(share((use) => use < 0.1)).to.be.within(0.2, 0.6);
    });
});
