import { parseDuration } from "../../../shared/duration.js";
import { expect } from "chai";
import fc from "fast-check";
import { parseMoment, timeRange } from "../../../cli/history/time.js";

/** A Saturday. */
const NOW = new Date("2026-11-21T10:00:00");
const nowMs = NOW.getTime();
const at = (local: string) => new Date(local).getTime();

describe("parseDuration()", () => {
  for (const [text, ms] of [
    ["90m", 5_400_000],
    ["1h30m", 5_400_000],
    ["1H 30M", 5_400_000],
    ["1.5d", 129_600_000],
    ["250ms", 250],
    ["1y", 365 * 86_400_000],
  ] as const)
    it(`reads ${text}`, () => expect(parseDuration(text)).to.equal(ms));

  for (const text of ["", "90", "m", "-1h", "0s", "1h!", "1x", "1e9y", "101y"])
    it(`refuses '${text}'`, () => expect(parseDuration(text)).to.equal(null));
});

describe("parseMoment()", () => {
  for (const [text, local] of [
    ["now", "2026-11-21T10:00:00"],
    ["today", "2026-11-21T00:00:00"],
    ["yesterday", "2026-11-20T00:00:00"],
    ["yesterday 20:00", "2026-11-20T20:00:00"],
    ["yesterday evening", "2026-11-20T20:00:00"],
    ["20:00", "2026-11-20T20:00:00"],
    ["9:30", "2026-11-21T09:30:00"],
    ["monday 8:00", "2026-11-16T08:00:00"],
    ["nov 3", "2026-11-03T00:00:00"],
    ["dec 24 18:00", "2025-12-24T18:00:00"],
    ["2026-11-20", "2026-11-20T00:00:00"],
    ["2026-11-20 08:30", "2026-11-20T08:30:00"],
    ["2026-11-20T08:30:15.250", "2026-11-20T08:30:15.250"],
    ["2026-11-20T08:30:15Z", "2026-11-20T08:30:15Z"],
    ["2026-11-20T08:30:15+02:00", "2026-11-20T06:30:15Z"],
    ["90m ago", "2026-11-21T08:30:00"],
    ["-90m", "2026-11-21T08:30:00"],
    ["2 hours ago", "2026-11-21T08:00:00"],
  ] as const)
    it(`CLI-01: reads '${text}'`, () =>
      expect(parseMoment(text, nowMs)).to.equal(at(local)));

  for (const text of [
    "",
    "ago",
    "yesterdy",
    "3/4",
    "2026-13-40",
    "2026-11-20 25:00",
    "foo 20:00",
    "20:00 bar",
    "8:00 to 9:00",
    "-",
  ])
    it(`refuses '${text}'`, () =>
      expect(parseMoment(text, nowMs)).to.equal(null));

  it("CLI-01: reads back every moment as ISO 8601", () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => {
        const text = new Date(ms).toISOString();
        expect(parseMoment(text, nowMs)).to.equal(ms);
      }),
    ));

  it("never throws", () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseMoment(text, nowMs);
      }),
    ));
});

describe("timeRange()", () => {
  const range = (options: Parameters<typeof timeRange>[0]) =>
    timeRange(options, nowMs);
  const hours = (count: number) => count * 3_600_000;

  it("CLI-01: is the last hour where nothing is said", () =>
    expect(range({})).to.deep.equal({ fromMs: nowMs - hours(1), toMs: nowMs }));

  it("counts --last back from --to, and forward from --from", () => {
    const noon = at("2026-11-20T12:00:00");
    expect(range({ last: "2h", to: "2026-11-20 12:00" })).to.deep.equal({
      fromMs: noon - hours(2),
      toMs: noon,
    });
    expect(range({ last: "2h", from: "2026-11-20 12:00" })).to.deep.equal({
      fromMs: noon,
      toMs: noon + hours(2),
    });
  });

  it("ends --from alone now", () =>
    expect(range({ from: "today" })).to.deep.equal({
      fromMs: at("2026-11-21T00:00:00"),
      toMs: nowMs,
    }));

  for (const [options, words] of [
    [{ last: "soon" }, "--last 'soon'"],
    [{ from: "yore" }, "--from 'yore'"],
    [{ to: "3/4" }, "--to '3/4'"],
    [{ from: "today", to: "yesterday" }, "must begin before it ends"],
    [{ last: "1h", from: "today", to: "now" }, "--last '1h'"],
  ] as const)
    it(`names the option, the rule and the value: ${words}`, () =>
      expect(() => range(options)).to.throw(words));
});
