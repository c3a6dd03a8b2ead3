import { expect } from "chai";
import fc from "fast-check";
import {
  type Band,
  bandsIn,
  chart,
  openCanvas,
  strip,
  timeAxis,
} from "../../../cli/history/chart.js";

const OPTIONS = {
  title: "RTT",
  columns: 30,
  rows: 3,
  showValue: (value: number) => `${value} ms`,
};

describe("openCanvas()", () => {
  it("draws eight dots a letter", () => {
    const canvas = openCanvas(2, 1);
    canvas.bar(0, 0, 0);
    canvas.bar(1, 3, 3);
    canvas.bar(2, 0, 3);
    expect(canvas.lines()).to.deep.equal(["⡈⡇"]);
  });

  it("cuts off what lies outside", () => {
    const canvas = openCanvas(1, 1);
    canvas.bar(-1, 0, 3);
    canvas.bar(2, 0, 3);
    canvas.bar(0, -9, 99);
    expect(canvas.lines()).to.deep.equal(["⡇"]);
  });
});

describe("chart()", () => {
  const level = (value: number): Band => ({ min: value, max: value });

  it("has the greatest value at its top and the least at its bottom", () => {
    const bands = Array.from({ length: bandsIn(30) }, (_, x) => level(x));
    expect(chart([bands], OPTIONS)).to.deep.equal([
      "RTT",
      `  41 ms┤ ${" ".repeat(14)}⣀⣀⡤⠤⠖⠒⠋`,
      `       │ ${" ".repeat(7)}⣀⣠⠤⠴⠒⠚⠉⠁`,
      "   0 ms┤ ⣀⡤⠤⠖⠒⠋⠉⠁",
    ]);
  });

  it("says where nothing was recorded", () =>
    expect(chart([[null, null]], OPTIONS)).to.deep.equal([
      "RTT",
      "       │ nothing recorded",
    ]));

  it("leaves gaps open and joins neighbours", () => {
    const lines = chart([[level(0), level(9), null, level(9)]], OPTIONS);
    expect(lines.slice(1).map((line) => line.slice(9))).to.deep.equal([
      "⢸⠈",
      "⢸",
      "⣸",
    ]);
  });

  it("CLI-01: never goes beyond its columns, whatever the values", () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const band = fc.option(
      fc.tuple(value, value).map(([a, b]) => ({
        min: Math.min(a, b),
        max: Math.max(a, b),
      })),
    );
    fc.assert(
      fc.property(fc.array(fc.array(band), { maxLength: 3 }), (series) => {
        const lines = chart(series, {
          ...OPTIONS,
          showValue: (shown) => shown.toExponential(1),
        });
        for (const line of lines) expect(line.length).to.be.at.most(30);
      }),
    );
  });
});

describe("strip() and timeAxis()", () => {
  it("stand under the drawing", () => {
    expect(strip("state", ["▁", "█"])).to.equal("  state│ ▁█");
    expect(timeAxis(30, ["10:00", "10:30", "11:00"])).to.equal(
      "         10:00   10:30   11:00",
    );
  });
});
