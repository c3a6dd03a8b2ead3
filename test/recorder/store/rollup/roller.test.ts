import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import {
  type Connection,
  Database,
} from "../../../../recorder/store/connection.js";
import { openBuckets } from "../../../../recorder/store/rollup/buckets.js";
import {
  inSampleUnits,
  openSeries,
} from "../../../../recorder/store/samples.js";
import { openStore, type Store } from "../../../../recorder/store/store.js";
import { type Keep, plan } from "../../../../recorder/tiers/retention.js";
import { type Bucket, bucketOf } from "../../../../recorder/tiers/rollup.js";
import {
  bucketEnd,
  bucketStart,
  COARSER,
  COARSEST,
  eachTier,
  FINER,
  ROLLED_TIERS,
  type RolledTier,
  tierCode,
} from "../../../../recorder/tiers/tier.js";
import type { CycleFrame, Frame } from "../../../../shared/contract/frame.js";
import type { WallMs } from "../../../../shared/runtime/clock.js";
import { cycle, NOON_MS, sample, stamped } from "../../../fakes/frames.js";
import { anyRow } from "../../../fakes/rows.js";
import { readRows, temporaryFolder } from "../../temporary.js";
import { HOUR_MS } from "../../upkeep-of.js";

const NOON = NOON_MS as WallMs;
const MINUTE_MS = 60_000;
const BOOT = "0123456789abcdef";
const SPAN_MS = 4 * HOUR_MS;

/** So short that frames come late for every tier. */
const KEEP: Keep = {
  ...eachTier(() => 1_000 * HOUR_MS),
  raw: 10 * MINUTE_MS,
  "1m": 30 * MINUTE_MS,
  "5m": 2 * HOUR_MS,
};

/** As with retention_days 1: all of the finer tiers end at once. */
const EQUAL: Keep = {
  ...eachTier(() => HOUR_MS),
  [COARSEST]: 1_000 * HOUR_MS,
};

const shown = (bucket: Bucket | null | undefined) =>
  bucket && {
    coverage: bucket.coverage,
    rollups: [...bucket.rollups]
      .map(([series, rollup]) => ({
        series,
        ...rollup,
        sketch: rollup.sketch && [...rollup.sketch],
      }))
      .sort((a, b) => a.series - b.series),
  };

describe("Roller", () => {
  const folder = temporaryFolder();
  let store: Store;
  let beside: Connection;
  let failAt: number;
  beforeEach(() => {
    failAt = Infinity;
    const path = join(folder.path, "metrics.db");
    store = openStore(path, NOON, () => {
      if (--failAt === 0) throw new Error("interrupted");
    });
    beside = new Database(path);
  });
  afterEach(async () => {
    beside.close();
    await store[Symbol.asyncDispose]();
  });

  const wanOf = (name: string) =>
    beside
      .prepare<[string], number>("select id from wan where name = ?")
      .pluck()
      .get(name)!;
  const rollAll = (wan: number, nowMs: number) => {
    while (store.tend((upkeep) => upkeep.rollUp(wan, nowMs)) === true);
  };
  const expireAll = (wan: number, nowMs: number, keep: Keep) =>
    store.tend((upkeep) => {
      for (const expiry of plan(keep, upkeep.standing(wan), nowMs))
        while (upkeep.expire(wan, expiry, 7) > 0);
    });
  const tables = () =>
    ["rollup", "coverage", "dirty", "progress"].map((table) =>
      readRows(store.path, `select * from ${table}`),
    );

  /** What a tier must hold: each bucket summed up from all that was ever sent. */
  function expected(tier: RolledTier, wan: number, frames: readonly Frame[]) {
    const series = openSeries(beside);
    const byStart = new Map<number, Frame[]>();
    for (const each of frames) {
      const startMs = bucketStart(tier, each.at);
      byStart.set(startMs, [...(byStart.get(startMs) ?? []), each]);
    }
    return new Map(
      [...byStart].map(([startMs, own]) => [
        startMs,
        shown(
          bucketOf(
            own.flatMap((frame) =>
              frame.kind === "cycle" ? [{ ...frame, atMs: frame.at }] : [],
            ),
            own.flatMap((frame) =>
              frame.kind === "sample"
                ? [
                    {
                      series: series.idOf(wan, frame.metric, frame.labels),
                      atMs: frame.at,
                      value: inSampleUnits(frame.value),
                    },
                  ]
                : [],
            ),
            series.ofCycle(wan),
          ),
        ),
      ]),
    );
  }

  const frame = fc.record({
    atMs: fc.nat(SPAN_MS - 1),
    lateMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.nat(5 * MINUTE_MS),
      fc.nat(SPAN_MS),
    ),
    row: fc.option(anyRow(), { freq: 5 }),
    after: fc.constantFrom("nothing", "roll", "roll once", "expire", "both"),
    interrupted: fc.option(fc.integer({ min: 1, max: 8 })),
  });

  // raw has nothing between 71:00 and 91:00, minutes go up to 75:00, and then a frame of 71:00 comes
  const CUT_BEHIND_A_LATE_FRAME = (
    [
      [0, 0, "nothing"],
      [4_200_000, 0, "nothing"],
      [4_260_000, 1_740_002, "nothing"],
      [5_460_000, 0, "both"],
      [5_786_060, 213_941, "both"],
    ] as const
  ).map(([atMs, lateMs, after]) => ({
    atMs,
    lateMs,
    after,
    row: null,
    interrupted: null,
  }));

  it("gives the same tiers whatever the order of frames, rolling up, expiry and interruptions (STOR-03, STOR-04)", () => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(KEEP, EQUAL),
        fc.array(frame, { minLength: 1, maxLength: 40 }),
        (keep, drawn) => {
          const source = `w${++run}`;
          const ordered = [...drawn].sort((a, b) => a.atMs - b.atMs);
          const sent = ordered.map(({ atMs, row, ...rest }, i) => ({
            ...rest,
            frame: stamped(row === null ? sample(i / 7) : cycle(row), i + 1, {
              source,
              at: NOON_MS + atMs,
            }),
          }));
          let nowMs = NOON_MS;
          for (const { frame: each, ...then } of [...sent].sort(
            (a, b) => a.frame.at + a.lateMs - (b.frame.at + b.lateMs),
          )) {
            nowMs = Math.max(nowMs, each.at + then.lateMs);
            store.commit([each]);
            const wan = wanOf(source);
            failAt = then.interrupted ?? Infinity;
            try {
              if (then.after === "roll once")
                store.tend((upkeep) => upkeep.rollUp(wan, nowMs));
              if (then.after === "roll" || then.after === "both")
                rollAll(wan, nowMs);
              if (then.after === "expire" || then.after === "both")
                expireAll(wan, nowMs, keep);
            } catch (error) {
              expect((error as Error).message).to.equal("interrupted");
            }
          }
          failAt = Infinity;
          const wan = wanOf(source);
          rollAll(wan, nowMs + 2 * HOUR_MS);
          check(
            source,
            wan,
            sent.map((each) => each.frame),
          );
        },
      ),
      {
        numRuns: 80,
        examples: [[KEEP, CUT_BEHIND_A_LATE_FRAME]],
      },
    );
  });

  function check(source: string, wan: number, frames: readonly Frame[]) {
    const standing = store.tend((upkeep) => upkeep.standing(wan));
    if ("kind" in standing) throw new Error(standing.cause);
    const buckets = openBuckets(beside);
    for (const tier of ROLLED_TIERS) {
      for (const [startMs, bucket] of expected(tier, wan, frames)) {
        const [found] = buckets.between(
          tier,
          wan,
          startMs,
          bucketEnd(tier, startMs),
        );
        if (startMs >= standing.fromMs[tier])
          expect(shown(found), `${tier} at ${startMs - NOON_MS}`).to.deep.equal(
            bucket,
          );
      }
      const next = COARSER[tier];
      if (next !== null)
        expect(standing.fromMs[tier]).to.be.at.most(standing.untilMs[next]);
      expect(standing.dirtyMs[tier]).to.equal(null);
    }
    expect(standing.fromMs.raw).to.be.at.most(standing.untilMs["1m"]);
    expect(readRows(store.path, "select * from day")).to.deep.equal(
      readRows(
        store.path,
        `select series, bucket_ms - bucket_ms % 86400000 as day_ms, sum(count) as count, sum(sum) as sum,
           min(min) as min, max(max) as max from rollup where tier = 3 group by 1, 2`,
      ),
    );
    // each moment once: as many cycles as were sent, in the finest tier that has them
    const [shownOnce] = readRows(
      store.path,
      `select (select count(*) from cycle c join wan w on w.id = c.wan where w.name = @source and c.at_ms >= @raw)
         ${ROLLED_TIERS.map(
           (tier) =>
             `+ (select ifnull(sum(cycles), 0) from coverage where tier = ${tierCode(tier)} and wan = @wan and bucket_ms >= ${standing.fromMs[tier]} and bucket_ms < ${standing.fromMs[FINER[tier]]})`,
         ).join("\n")} as n`,
      { source, wan, raw: standing.fromMs.raw },
    );
    expect(shownOnce?.["n"]).to.equal(
      frames.filter((each) => each.kind === "cycle").length,
    );
  }

  const minute = (seq: number, atMs: number, row: Partial<CycleFrame> = {}) =>
    stamped(cycle(row), seq, { at: NOON_MS + atMs, boot: BOOT });

  it("changes nothing when it runs twice (STOR-03)", () => {
    store.commit(
      Array.from({ length: 100 }, (_, i) => minute(i + 1, i * 2 * MINUTE_MS)),
    );
    rollAll(1, NOON_MS + 5 * HOUR_MS);
    const before = tables();
    beside.exec(
      "insert into dirty select 1, wan, bucket_ms from coverage where tier = 1",
    );
    store.tend((upkeep) => {
      upkeep.touch(1);
    });
    rollAll(1, NOON_MS + 5 * HOUR_MS);
    expect(tables()).to.deep.equal(before);
  });

  // minute:  |12:00 ........ |12:01 ....
  // rolled:                       * 12:01:05, and not before
  it("waits a few seconds for the frames of a bucket (STOR-03)", () => {
    store.commit([minute(1, 0)]);
    const at = (ms: number) =>
      store.tend((upkeep) => upkeep.rollUp(1, NOON_MS + MINUTE_MS + ms));
    expect(at(4_999)).to.equal(false);
    expect(at(5_000)).to.equal(true);
    expect(at(5_000)).to.equal(false);
  });

  it("keeps a peak that a mean hides, in every tier (STOR-03)", () => {
    store.commit(
      Array.from({ length: 1_200 }, (_, i) =>
        minute(i + 1, i * 50, { rttUs: i < 10 ? 400_000 : 2_000 }),
      ),
    );
    rollAll(1, NOON_MS + 2 * HOUR_MS);
    expect(
      readRows(
        store.path,
        `select r.tier, r.count, r.sum, r.max from rollup r join series s on s.id = r.series
           where s.metric = 'wanctl_rtt_ms' order by r.tier`,
      ),
    ).to.deep.equal(
      ROLLED_TIERS.map(tierCode)
        .sort((a, b) => a - b)
        .map((tier) => ({
          tier,
          count: 1_200,
          sum: 10 * 400_000 + 1_190 * 2_000,
          max: 400_000,
        })),
    );
  });
});
