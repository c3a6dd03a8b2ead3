import { expect } from "chai";
import fc from "fast-check";
import { parseMoment, timeRange } from "../../../cli/history/time.js";
import { parseDuration } from "../../../shared/config/format.js";

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

  /** So the process believes to be in another place. */
  const inZone = <T>(zone: string, work: () => T): T => {
    const before = process.env["TZ"];
    process.env["TZ"] = zone;
    try {
      return work();
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  };

  const ANGELES = "America/Los_Angeles";
  for (const [zone, now, text, is] of [
    [ANGELES, "2026-11-20T20:30-08:00", "02:00 UTC", "2026-11-21T02:00Z"],
    [ANGELES, "2026-11-20T20:30-08:00", "02:00Z", "2026-11-21T02:00Z"],
    [ANGELES, "2026-11-20T20:30-08:00", "05:00 UTC", "2026-11-20T05:00Z"],
    [ANGELES, "2026-11-20T20:30-08:00", "2:00 PST", "2026-11-20T10:00Z"],
    [
      ANGELES,
      "2026-11-20T20:30-08:00",
      "saturday 02:00 UTC",
      "2026-11-21T02:00Z",
    ],
    [
      ANGELES,
      "2026-11-20T20:30-08:00",
      "yesterday 02:00 UTC",
      "2026-11-20T02:00Z",
    ],
    [ANGELES, "2026-11-20T20:30-08:00", "2026-11-20 UTC", "2026-11-20T00:00Z"],
    ["Asia/Tokyo", "2026-11-21T05:30+09:00", "22:00 UTC", "2026-11-19T22:00Z"],
    ["Asia/Tokyo", "2026-11-21T05:30+09:00", "20:00 UTC", "2026-11-20T20:00Z"],
    [
      "Pacific/Kiritimati",
      "2026-11-21T05:30+14:00",
      "15:00 UTC",
      "2026-11-20T15:00Z",
    ],
    // clocks were set back at 3:00, and show 2:30 twice; the last one is meant
    ["Europe/Berlin", "2026-10-25T12:00+01:00", "2:30", "2026-10-25T01:30Z"],
    ["Europe/Berlin", "2026-10-25T02:20+01:00", "2:30", "2026-10-25T00:30Z"],
    [
      "Europe/Berlin",
      "2026-10-25T12:00+01:00",
      "yesterday 20:00",
      "2026-10-24T18:00Z",
    ],
    ["Europe/Berlin", "2026-10-25T12:00+01:00", "20:00", "2026-10-24T18:00Z"],
    ["Europe/Berlin", "2026-03-29T12:00+02:00", "20:00", "2026-03-28T19:00Z"],
    [
      "Europe/Berlin",
      "2026-03-29T12:00+02:00",
      "2 days ago",
      "2026-03-27T10:00Z",
    ],
    ["UTC", "2026-11-20T10:00Z", "last night", "2026-11-19T22:00Z"],
    ["UTC", "2026-11-20T02:00Z", "last night", "2026-11-19T22:00Z"],
    ["UTC", "2026-11-20T10:00Z", "2 months ago", "2026-09-20T10:00Z"],
    [
      "UTC",
      "2026-11-20T10:00Z",
      "2026-08-19T20:00:00.123456+02:00",
      "2026-08-19T18:00:00.123Z",
    ],
    [
      "UTC",
      "2026-11-20T10:00Z",
      "2026-08-19T20:00:00.123456789Z",
      "2026-08-19T20:00:00.123Z",
    ],
    [
      "UTC",
      "2026-11-20T10:00Z",
      "2026-08-19 20:00:00,5",
      "2026-08-19T20:00:00.500Z",
    ],
    [
      "UTC",
      "2026-11-20T10:00Z",
      "2026-08-19T20:00:00.05Z",
      "2026-08-19T20:00:00.050Z",
    ],
  ] as const)
    it(`CLI-01: reads '${text}' in ${zone} at ${now}`, () =>
      inZone(zone, () => {
        const moment = parseMoment(text, Date.parse(now));
        expect(new Date(moment ?? NaN).toJSON()).to.equal(
          new Date(is).toJSON(),
        );
      }));

  const ZONES = [
    ANGELES,
    "UTC",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
  ];
  const aYear = fc.integer({
    min: Date.parse("2026-01-01"),
    max: Date.parse("2027-12-31"),
  });

  it("CLI-01: takes a time of day for the last one that was, in any zone on any day", () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        aYear,
        fc.nat(23),
        fc.nat(59),
        fc.constantFrom("", " UTC", " +05:30"),
        (zone, now, hour, minute, named) =>
          inZone(zone, () => {
            const two = (n: number) => String(n).padStart(2, "0");
            const at =
              parseMoment(`${two(hour)}:${two(minute)}${named}`, now) ?? NaN;
            expect(at).to.be.at.most(now);
            // a day in which clocks change is an hour longer, or skips the time
            const dayMs = (named === "" ? 25 : 24) * 3_600_000;
            expect(now - at).to.be.below(dayMs);
            if (named === " UTC")
              expect(new Date(at).toJSON()).to.include(
                `T${two(hour)}:${two(minute)}:00.000Z`,
              );
          }),
      ),
    ));

  it("CLI-01: takes the same length for the same instant, however it is written", () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        aYear,
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom("day", "hour", "minute", "second", "week"),
        (zone, now, n, unit) =>
          inZone(zone, () => {
            const short = `${n}${unit.charAt(0)}`;
            const ms = parseDuration(short) ?? NaN;
            for (const text of [
              `${short} ago`,
              `-${short}`,
              `${n} ${unit}s ago`,
              `-${n} ${unit}s`,
            ])
              expect(parseMoment(text, now), text).to.equal(now - ms);
            expect(parseMoment(`a ${unit} ago`, now)).to.equal(
              parseMoment(`1 ${unit} ago`, now),
            );
          }),
      ),
    ));

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
    [{ from: "today", to: "yesterday" }, "must start before it ends"],
    [{ last: "1h", from: "today", to: "now" }, "--last '1h'"],
  ] as const)
    it(`names the option, the rule and the value: ${words}`, () =>
      expect(() => range(options)).to.throw(words));
});
