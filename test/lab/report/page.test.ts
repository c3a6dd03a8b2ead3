import { expect } from "chai";
import fc from "fast-check";
import { gates } from "../../../lab/gates.js";
import { POLICIES } from "../../../lab/policies/policies.js";
import {
  line,
  linear,
  logarithmic,
  ticks,
} from "../../../lab/report/charts.js";
import { page, STYLE } from "../../../lab/report/page.js";
import { measure, rank } from "../../../lab/score.js";
import { perform, scenarioOf } from "../../../lab/tasks.js";

describe("page()", () => {
  const outcomes = ["oracle", "wanctl", "none"].map((policy) =>
    perform({ scenario: "S6", policy, seed: 1, isTraced: true }),
  );
  const measures = measure(outcomes);
  const html = page({
    seeds: 1,
    scenarios: [scenarioOf("S6")],
    rankings: rank(measures),
    results: gates(measures, "wanctl"),
    outcomes,
  });

  it("is self-contained and has no script", () => {
    expect(html).not.to.match(/<script|<link|<img|src=|url\(|@import|https?:/);
  });

  it("closes what it opens", () => {
    for (const tag of [
      "svg",
      "section",
      "table",
      "tr",
      "td",
      "g",
      "figure",
      "details",
      "text",
      "title",
      "i",
      "b",
    ])
      expect(html.match(new RegExp(`<${tag}[ >]`, "g"))?.length, tag).to.equal(
        html.match(new RegExp(`</${tag}>`, "g"))?.length,
      );
  });

  it("draws numbers only", () => {
    expect(html).not.to.match(/NaN|Infinity|undefined|null/);
  });

  it("shows both directions of every policy", () => {
    expect(html.match(/download, Mbit\/s/g)).to.have.length(3);
    expect(html.match(/upload, Mbit\/s/g)).to.have.length(3);
  });

  it("has a colour for every policy", () => {
    for (const { name } of POLICIES) expect(STYLE).to.include(`.${name}{`);
  });
});

describe("ticks()", () => {
  it("are a few, from 0 to the most, evenly", () =>
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e5, noNaN: true }), (most) => {
        const marks = ticks(most);
        expect(marks[0]).to.equal(0);
        expect(marks.length).to.be.within(3, 7);
        expect(marks.at(-1)).to.be.at.most(most * 1.000001);
      }),
    ));
});

describe("line()", () => {
  const same = linear([0, 1], [0, 1]);

  it("breaks where there is nothing", () => {
    expect(line([1, 2, null, 3], same, same)).to.equal("M0 1L1 2M3 3");
  });

  it("draws what is below a logarithmic span at its edge", () => {
    const scale = logarithmic([1, 100], [100, 0]);
    expect(scale(0)).to.equal(100);
    expect(scale(10)).to.be.closeTo(50, 1e-9);
  });
});
