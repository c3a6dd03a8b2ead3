import { expect } from "chai";
import fc from "fast-check";
import {
  clip,
  COLUMNS,
  printable,
  showBytes,
  showDelta,
  timeOfDay,
  wrap,
} from "../../cli/terminal.js";
import { showMbps, showSpan } from "../../shared/contract/units.js";

const word = fc.stringMatching(/^[a-z=]{1,12}$/);

describe("wrap()", () => {
  it("keeps every word, in order, within 80 columns", () =>
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 40 }),
        fc.nat(40),
        (words, indent) => {
          const lines = wrap(" ".repeat(indent), words.join(" "));
          expect(lines.join(" ").split(/ +/).filter(Boolean)).to.deep.equal(
            words,
          );
          for (const line of lines) expect(line.length).to.be.at.most(COLUMNS);
        },
      ),
    ));
});

describe("clip()", () => {
  it("says that something is missing", () => {
    expect(clip("— 24.3 ms", 9)).to.equal("— 24.3 ms");
    expect(clip("— 24.3 ms", 8)).to.equal("— 24.3 …");
  });
});

describe("printable()", () => {
  it("lets no text steer the terminal", () =>
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => void expect(printable(text)).not.to.match(/[\p{Cc}\p{Cf}]/u),
      ),
    ));
});

describe("showSpan()", () => {
  for (const [ms, words] of [
    [null, "—"],
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1 s"],
    [12_999, "12 s"],
    [119_999, "119 s"],
    [120_000, "2 min"],
    [3_600_000, "1 h"],
    [100_000_000, "1 d 3 h"],
  ] as const)
    it(`calls ${ms} ms "${words}"`, () => expect(showSpan(ms)).to.equal(words));
});

describe("showMbps()", () => {
  for (const [kbps, words] of [
    [0, "0.00"],
    [9_994, "9.99"],
    [9_995, "10.0"],
    [99_949, "99.9"],
    [99_950, "100"],
    [10_000_000, "10000"],
  ] as const)
    it(`calls ${kbps} kbit/s "${words}"`, () =>
      expect(showMbps(kbps)).to.equal(words));
});

describe("showBytes(), showDelta(), timeOfDay()", () => {
  it("show unknown as —, and signs", () => {
    expect(showBytes(null)).to.equal("—");
    expect(showBytes(4_200_000)).to.equal("4.2 MB");
    expect(showBytes(1_024_000_000)).to.equal("1024 MB");
    expect(showDelta(null)).to.equal("—");
    expect(showDelta(0.62)).to.equal("+0.6");
    expect(showDelta(-3)).to.equal("-3.0");
    expect(showDelta(999.96)).to.equal("+1000");
  });
  it("is local time with milliseconds", () =>
    expect(timeOfDay(new Date(2025, 5, 15, 7, 4, 9, 25).getTime())).to.equal(
      "07:04:09.025",
    ));
});
