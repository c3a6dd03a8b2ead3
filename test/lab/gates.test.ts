import { expect } from "chai";
import { gates, gatesInWords } from "../../lab/gates.js";
import { measure, type TaskResult, rank, type Score } from "../../lab/score.js";

const FINE: Score = {
  use: { download: 0.95, upload: null },
  p50Ms: 1,
  p95Ms: 5,
  p99Ms: 10,
  maxMs: 20,
  late: 0,
  fallS: 0.5,
  riseS: 2,
  writesPerS: 1,
  cutsPerHour: 0,
  atFloor: 0,
};

/** Five runs with a little chance in them. */
const runs = (scenario: string, policy: string, score: Partial<Score> = {}) =>
  Array.from({ length: 5 }, (_, i): TaskResult => {
    const all = { ...FINE, ...score };
    return {
      scenario,
      policy,
      seed: i + 1,
      isTraced: false,
      trace: null,
      score: { ...all, p95Ms: all.p95Ms + 0.1 * i },
    };
  });

const resultsOf = (outcomes: readonly TaskResult[]) =>
  gates(measure(outcomes), "wanctl");
const holds = (outcomes: readonly TaskResult[], gate: RegExp) =>
  resultsOf(outcomes).find((result) => gate.test(result.gate))?.holds;

describe("gates()", () => {
  for (const [gate, scenario, bad] of [
    [/^S0: delivers/, "S0", { use: { download: 0.9, upload: null } }],
    [/^S1: calm/, "S1", { fallS: 2 }],
    [/^S1: used/, "S1", { riseS: 6 }],
    [/^S7: cuts/, "S7", { cutsPerHour: 20 }],
    [/^S12: time/, "S12", { atFloor: 0.5 }],
    [/^S14a: writes/, "S14a", { writesPerS: 2.5 }],
  ] as const)
    it(`${gate.source} holds where it is so, and not elsewhere`, () => {
      const oracle = runs(scenario, "oracle");
      expect(holds([...oracle, ...runs(scenario, "wanctl")], gate)).to.be.true;
      expect(holds([...oracle, ...runs(scenario, "wanctl", bad)], gate)).to.be
        .false;
      expect(holds(oracle, gate)).to.equal(null);
    });

  it("fails if a policy is both later and slower than cake-autorate", () => {
    const gate = /^nowhere/;
    const others = [...runs("S2", "oracle"), ...runs("S2", "cake-autorate")];
    const slower = { use: { download: 0.8, upload: null } };
    const mine = (score: Partial<Score>) =>
      holds([...others, ...runs("S2", "wanctl", score)], gate);
    expect(mine({})).to.be.true;
    expect(mine(slower)).to.be.true;
    expect(mine({ p95Ms: 50 })).to.be.true;
    expect(mine({ ...slower, p95Ms: 50 })).to.be.false;
  });

  it("compares a slow router with a fast one, seed by seed", () => {
    const at = (p95Ms: number) => [
      ...["S1", "S14a"].flatMap((id) => runs(id, "oracle")),
      ...runs("S1", "wanctl"),
      ...runs("S14a", "wanctl", { p95Ms }),
    ];
    expect(holds(at(6), /^S14a: points/)).to.be.true;
    expect(holds(at(30), /^S14a: points/)).to.be.false;
  });

  it("prints a line for each", () => {
    const lines = gatesInWords(resultsOf(runs("S1", "wanctl"))).trimEnd();
    expect(lines.split("\n")).to.have.length(10);
    expect(lines)
      .to.match(/^pass +S1: calm/m)
      .and.match(/^— +S0/m);
  });
});

describe("rank()", () => {
  it("measures against the oracle of the same seed", () => {
    const outcomes = [
      ...runs("S1", "oracle", { use: { download: 0.5, upload: 0.5 } }),
      ...runs("S1", "wanctl", {
        use: { download: 0.25, upload: 0.5 },
        p95Ms: 25,
      }),
    ];
    const [oracle, wanctl] = rank(measure(outcomes));
    expect(oracle?.usePct?.mean).to.equal(100);
    expect(oracle?.points?.mean).to.equal(100);
    expect(wanctl?.usePct?.mean).to.equal(75);
    expect(wanctl?.excess95Ms?.mean).to.be.closeTo(20, 1e-9);
    expect(wanctl?.points?.mean).to.be.closeTo(75 / 2, 1e-9);
  });
});
