import { createHash } from "node:crypto";
import { expect } from "chai";
import { constant, steps } from "../../lab/capacity.js";
import { POLICIES } from "../../lab/policies/policies.js";
import { play } from "../../lab/run.js";
import {
  scenario,
  type Scenario,
  type ScenarioSketch,
} from "../../lab/scenario.js";
import { score } from "../../lab/score.js";
import { policyOf, scenarioOf } from "../../lab/tasks.js";
import { eachDirection } from "../../shared/contract/direction.js";

const sketch: ScenarioSketch = {
  id: "T",
  title: "a test",
  seconds: 24,
  nominal: { download: 40, upload: 10 },
  capacity: { download: constant(40), upload: constant(10) },
  flows: { download: 3, upload: 1 },
};

const short = (id: string, seconds: number): Scenario => ({
  ...scenarioOf(id),
  seconds,
});

const digest = (value: unknown) =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex");

const scored = (of: Scenario, policy: string, seed = 1) =>
  score(play(of, policyOf(policy), seed), of);

describe("play()", () => {
  for (const policy of POLICIES)
    it(`gives the same run for the same seed, another for another: ${policy.name}`, () => {
      const said = (seed: number) => digest(play(short("X3", 5), policy, seed));
      const first = said(1);
      expect(said(1)).to.equal(first);
      expect(said(2)).not.to.equal(first);
    });

  it("gives every policy the same line with the same seed", () => {
    const lines = POLICIES.map((policy) =>
      play(short("S3", 4), policy, 3).bins.map(
        ({ capacityBps }) => capacityBps,
      ),
    );
    for (const line of lines) expect(line).to.deep.equal(lines[0]);
  });

  it("fills the buffer without a shaper: its delay is buffer over capacity", () => {
    const of = scenario({
      ...sketch,
      seconds: 40,
      bufferMs: 300,
      flows: { download: 8, upload: 0 },
    });
    const { p95Ms, use } = scored(of, "none");
    expect(p95Ms).to.be.within(285, 305);
    expect(use.download).to.be.above(0.97);
    expect(use.upload).to.equal(null);
  });

  it("gives the oracle little delay and good use, also when the capacity falls", () => {
    const of = scenario({
      ...sketch,
      capacity: { download: steps([0, 40], [12, 15]), upload: constant(10) },
    });
    const { p95Ms, fallS, use } = scored(of, "oracle");
    expect(p95Ms).to.be.below(8);
    expect(fallS).to.be.below(0.5);
    expect(use.download).to.be.above(0.88);
    expect(use.upload).to.be.above(0.85);
  });

  it("scales to a line twice as fast", () => {
    const at = (factor: number) =>
      scored(
        scenario({
          ...sketch,
          nominal: { download: 40 * factor, upload: 10 * factor },
          capacity: {
            download: constant(40 * factor),
            upload: constant(10 * factor),
          },
        }),
        "static-95",
      ).use.download!;
    expect(at(2)).to.be.closeTo(at(1), 0.02);
  });

  it("starts the controller when the scenario says so", () => {
    const { bins } = play(
      { ...scenario({ ...sketch, startsAtMs: 5000 }), seconds: 10 },
      policyOf("wanctl"),
      1,
    );
    const first = bins.find(({ rateBps }) => rateBps.download < Infinity);
    expect(first?.atMs).to.be.within(4800, 5100);
  });

  it("writes seldom where the router allows no more", () => {
    const of = short("S14a", 12);
    for (const policy of POLICIES.filter(({ isInstant }) => isInstant !== true))
      expect(score(play(of, policy, 1), of).writesPerS).to.be.at.most(2);
  });

  it("keeps a call's packets out of the queues of CAKE, and in those of the ISP", () => {
    const of = { ...scenario(sketch), seconds: 20 };
    expect(scored(of, "static-95").p95Ms).to.be.below(5);
    const late = {
      ...of,
      nominalBps: eachDirection((d) => 1.2 * of.nominalBps[d]),
    };
    expect(scored(late, "static-95").p95Ms).to.be.above(100);
  });
});
