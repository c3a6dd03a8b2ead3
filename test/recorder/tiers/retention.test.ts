import { expect } from "chai";
import fc from "fast-check";
import {
  plan,
  relief,
  type Keep,
  type TierStanding,
} from "../../../recorder/tiers/retention.js";
import {
  COARSER,
  COARSEST,
  eachRolledTier,
  eachTier,
  FINER,
  ROLLED_TIERS,
  STEP_MS,
  type Tier,
  TIERS,
} from "../../../recorder/tiers/tier.js";

const HOUR = STEP_MS["1h"];
const KEEP: Keep = {
  ...eachTier(() => 365 * 24 * HOUR),
  raw: 2 * HOUR,
  "1m": 24 * HOUR,
  "5m": 7 * 24 * HOUR,
};

const at = fc.integer({ min: 0, max: 400 * 24 * HOUR });
const rolled = <T>(of: fc.Arbitrary<T>) => fc.record(eachRolledTier(() => of));
const perTier = <T>(of: fc.Arbitrary<T>) => fc.record(eachTier(() => of));

/** Any standing there may be. */
const standing: fc.Arbitrary<TierStanding> = fc
  .record({
    untilMs: rolled(at),
    dirtyMs: rolled(fc.option(at)),
    oldestMs: perTier(fc.option(at)),
    awaitedMs: fc.option(at),
  })
  .map((drawn) => ({ ...drawn, fromMs: eachTier(() => 0) }));

/** Of settings, whatever they say, each at least the one before. */
const keeps: fc.Arbitrary<Keep> = fc
  .array(
    fc.oneof(
      fc.constant(24 * HOUR),
      fc.integer({ min: HOUR, max: 365 * 24 * HOUR }),
    ),
    {
      minLength: TIERS.length,
      maxLength: TIERS.length,
    },
  )
  .map((drawn) => {
    drawn.sort((a, b) => a - b);
    return eachTier((tier) => drawn[TIERS.indexOf(tier)] ?? 0);
  });

const safe = (tier: Tier, beforeMs: number, s: TierStanding) => {
  const next = COARSER[tier];
  if (next === null) return;
  expect(beforeMs % STEP_MS[next], "aligned").to.equal(0);
  expect(beforeMs, "rolled up").to.be.at.most(s.untilMs[next]);
  expect(beforeMs, "not dirty").to.be.at.most(s.dirtyMs[next] ?? Infinity);
  if (tier === "raw")
    expect(beforeMs, "not awaited").to.be.at.most(s.awaitedMs ?? Infinity);
};

describe("plan()", () => {
  it("expires nothing that is not yet rolled up, dirty or awaited (STOR-03, STOR-04)", () =>
    fc.assert(
      fc.property(keeps, standing, at, (keep, s, nowMs) => {
        for (const { tier, beforeMs } of plan(keep, s, nowMs))
          safe(tier, beforeMs, s);
      }),
    ));

  it("expires nothing younger than its time by more than a bucket of the next tier (STOR-02)", () =>
    fc.assert(
      fc.property(standing, at, (s, nowMs) => {
        for (const { tier, beforeMs } of plan(KEEP, s, nowMs)) {
          const next = COARSER[tier];
          expect(beforeMs).to.be.below(
            nowMs - KEEP[tier] + (next === null ? 1 : STEP_MS[next]),
          );
        }
      }),
    ));

  it("expires all that is older than its time, once it is rolled up (STOR-02)", () =>
    fc.assert(
      fc.property(keeps, standing, at, (keep, s, nowMs) => {
        const done = {
          ...s,
          untilMs: eachRolledTier(() => Infinity),
          dirtyMs: eachRolledTier(() => null),
          awaitedMs: null,
        };
        const cuts = new Map(
          plan(keep, done, nowMs).map((e) => [e.tier, e.beforeMs]),
        );
        for (const tier of TIERS)
          if (
            tier !== COARSEST &&
            (done.oldestMs[tier] ?? Infinity) < nowMs - keep[tier]
          )
            expect(cuts.get(tier)).to.be.at.least(nowMs - keep[tier]);
      }),
    ));

  it("cuts no tier beyond a finer one, whatever the settings: each moment is in one alone (STOR-06)", () =>
    fc.assert(
      fc.property(keeps, standing, fc.array(at), (keep, s, times) => {
        let fromMs = s.fromMs;
        for (const nowMs of times) {
          const now = { ...s, fromMs };
          for (const { tier, beforeMs } of plan(keep, now, nowMs))
            fromMs = { ...fromMs, [tier]: beforeMs };
          const cut = relief({ ...s, fromMs });
          if (cut !== null) fromMs = { ...fromMs, [cut.tier]: cut.beforeMs };
          for (const tier of ROLLED_TIERS)
            if (tier !== COARSEST)
              expect(fromMs[tier], tier).to.be.at.most(fromMs[FINER[tier]]);
        }
      }),
    ));

  it("goes on with what was condemned before, though the clock was set back", () => {
    const s: TierStanding = {
      untilMs: eachRolledTier(() => 9 * HOUR),
      dirtyMs: eachRolledTier(() => null),
      fromMs: { ...eachTier(() => 0), raw: 5 * HOUR },
      oldestMs: { ...eachTier(() => null), raw: 4 * HOUR, "1m": 3 * HOUR },
      awaitedMs: null,
    };
    expect(plan(KEEP, s, 3 * HOUR)).to.deep.equal([
      { tier: "raw", beforeMs: 5 * HOUR },
    ]);
  });
});

describe("relief()", () => {
  it("frees nothing that is not yet rolled up, dirty or awaited (STOR-07)", () =>
    fc.assert(
      fc.property(standing, (s) => {
        const found = relief(s);
        if (found !== null) safe(found.tier, found.beforeMs, s);
      }),
    ));

  it("frees the oldest raw first, then the oldest minutes, then nothing (STOR-07)", () => {
    const s: TierStanding = {
      untilMs: eachRolledTier(() => 99 * HOUR),
      dirtyMs: eachRolledTier(() => null),
      fromMs: eachTier(() => 0),
      oldestMs: { ...eachTier(() => 0), raw: 50 * HOUR, "1m": 20 * HOUR },
      awaitedMs: null,
    };
    expect(relief(s)).to.deep.equal({
      tier: "raw",
      beforeMs: 50 * HOUR + 10 * 60_000,
    });
    const noRaw = { ...s, oldestMs: { ...s.oldestMs, raw: null } };
    // late frames of that time are merged from now on, or the minute would be made anew from them alone
    expect(relief(noRaw)).to.deep.equal({ tier: "raw", beforeMs: 26 * HOUR });
    noRaw.fromMs = { ...noRaw.fromMs, raw: 26 * HOUR };
    expect(relief(noRaw)).to.deep.equal({ tier: "1m", beforeMs: 26 * HOUR });
    const neither = { ...noRaw, oldestMs: { ...noRaw.oldestMs, "1m": null } };
    expect(relief(neither)).to.equal(null);
  });
});

describe("TIERS", () => {
  it("have buckets that fill those of the next (STOR-03)", () => {
    for (const tier of ROLLED_TIERS)
      if (tier !== COARSEST)
        expect(STEP_MS[COARSER[tier]!] % STEP_MS[tier]).to.equal(0);
  });
});
