import { expect } from "chai";
import fc from "fast-check";
import {
  sections,
  stepFor,
  type Kept,
} from "../../../recorder/tiers/section.js";
import {
  eachRolledTier,
  eachTier,
  FINEST_ROLLED,
  STEP_MS,
  TIERS,
} from "../../../recorder/tiers/tier.js";

const MINUTE = STEP_MS["1m"];
const HOUR = STEP_MS["1h"];
const DAY = 24 * HOUR;
const NOW = 1_000 * DAY;

/** Cycles of two days, minutes and five minutes of seven, hours of a year; rolled up to the last whole buckets. */
const KEPT: Kept = {
  fromMs: {
    ...eachTier(() => NOW - 7 * DAY),
    raw: NOW - 2 * DAY,
    "1h": NOW - 365 * DAY,
  },
  untilMs: eachRolledTier((tier) =>
    tier === FINEST_ROLLED ? NOW : NOW - STEP_MS[tier],
  ),
};

const said = (fromMs: number, toMs: number, stepMs: number) =>
  sections(fromMs, toMs, stepMs, KEPT).map(
    ({ tier, fromMs: from, toMs: to }) =>
      `${tier} ${(from - NOW) / MINUTE}..${(to - NOW) / MINUTE}`,
  );

describe("sections() (CLI-01)", () => {
  it("answers from the cycles where steps are shorter than a minute", () =>
    expect(said(NOW - HOUR, NOW, 5_000)).to.deep.equal(["raw -60..0"]));

  it("answers from the coarsest tier that fills a step, and the newest from finer ones", () =>
    expect(said(NOW - DAY, NOW + MINUTE, HOUR)).to.deep.equal([
      "1h -1440..-60",
      "5m -60..-5",
      "1m -5..0",
      "raw 0..1",
    ]));

  it("does not mix in hours where a step is shorter, as long as there is better", () =>
    expect(said(NOW - DAY, NOW, 10 * MINUTE)).to.deep.equal([
      "5m -1440..-5",
      "1m -5..0",
    ]));

  it("goes over to what is still kept where the finer has expired", () =>
    expect(said(NOW - 8 * DAY, NOW - DAY, 1_000)).to.deep.equal([
      "1h -11520..-10080",
      "1m -10080..-2880",
      "raw -2880..-1440",
    ]));

  it("leaves out what has expired altogether", () =>
    expect(said(NOW - 366 * DAY, NOW - 364 * DAY, DAY)).to.deep.equal([
      "1h -525600..-524160",
    ]));

  it("covers every moment that any tier has, once and in order, with the least work", () => {
    const ms = fc
      .integer({ min: 0, max: 400 * 24 * 60 })
      .map((n) => n * MINUTE);
    const marks = fc
      .array(ms, { minLength: TIERS.length, maxLength: TIERS.length })
      .map((drawn) => drawn.sort((a, b) => b - a));
    const kept = fc.tuple(marks, marks).map(([from, until]): Kept => ({
      fromMs: eachTier((tier) => from[TIERS.indexOf(tier)] ?? 0),
      untilMs: eachRolledTier((tier) => until[TIERS.indexOf(tier)] ?? 0),
    }));
    const step = fc.constantFrom(
      50,
      1_000,
      MINUTE,
      2 * MINUTE,
      5 * MINUTE,
      HOUR,
      DAY,
    );
    fc.assert(
      fc.property(
        kept,
        ms,
        ms,
        step,
        fc.array(ms),
        (has, from, to, stepMs, moments) => {
          const found = sections(from, to, stepMs, has);
          found.forEach(({ fromMs, toMs }, i) => {
            expect(fromMs).to.be.below(toMs);
            expect(fromMs).to.be.at.least(found[i - 1]?.toMs ?? from);
            expect(toMs).to.be.at.most(to);
          });
          for (const at of moments.filter((one) => one >= from && one < to)) {
            const able = TIERS.filter(
              (tier) =>
                at >= has.fromMs[tier] &&
                (tier === "raw" || at < has.untilMs[tier]),
            );
            const chosen = found.filter(
              ({ fromMs, toMs }) => at >= fromMs && at < toMs,
            );
            const fits = able.filter(
              (tier) => tier === "raw" || stepMs % STEP_MS[tier] === 0,
            );
            expect(chosen.map(({ tier }) => tier)).to.deep.equal(
              able.length === 0 ? [] : [fits.at(-1) ?? able[0]],
            );
          }
        },
      ),
    );
  });
});

describe("stepFor()", () => {
  it("is a step people read, with no more points than asked for", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3650 * DAY }),
        fc.integer({ min: 1, max: 2_000 }),
        (rangeMs, points) => {
          const stepMs = stepFor(rangeMs, points);
          expect(rangeMs / stepMs).to.be.at.most(points);
          expect(stepMs < MINUTE || stepMs % MINUTE === 0).to.equal(true);
        },
      ),
    ));

  for (const [range, points, step] of [
    [60_000, 1_200, 50],
    [HOUR, 720, 5_000],
    [DAY, 600, 5 * MINUTE],
    [7 * DAY, 600, 30 * MINUTE],
    [30 * DAY, 720, HOUR],
    [365 * DAY, 800, 12 * HOUR],
  ] as const)
    it(`shows ${range / 1e3} s in ${points} points with one for ${step / 1e3} s`, () =>
      expect(stepFor(range, points)).to.equal(step));
});
