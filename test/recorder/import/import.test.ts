import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import {
  openOldDatabase,
  importHistory,
  type MigrationCounts,
} from "../../../recorder/import/import.js";
import { hourOf, type OldValue } from "../../../recorder/import/old-row.js";
import { openDatabase } from "../../../recorder/store/database.js";
import { openStore } from "../../../recorder/store/store.js";
import { rollupOf } from "../../../recorder/tiers/rollup.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import { cycle, NOON_MS, stamped } from "../../fakes/frames.js";
import {
  cycleRows,
  type OldRowOf,
  writeOldDatabase,
} from "../../fakes/old-database.js";
import { readRows, temporaryFolder } from "../temporary.js";

const NOON_S = NOON_MS / 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const NOW = (NOON_MS + 600_000) as WallMs;

/**
 *     -3 d ......... -1 d ......... -2 h .......... noon .. +5:30
 *        hours          5 minutes        minutes       raw
 */
function* past(): Generator<OldRowOf> {
  for (let at = NOON_S - 3 * DAY_S; at < NOON_S - DAY_S; at += HOUR_S)
    yield* cycleRows(at, 25, { granularity: "1h" });
  for (let at = NOON_S - DAY_S; at < NOON_S - 2 * HOUR_S; at += 5 * MINUTE_S)
    yield* cycleRows(at, 26, { granularity: "5m" });
  for (let at = NOON_S - 2 * HOUR_S; at < NOON_S; at += MINUTE_S)
    yield* cycleRows(at, 27, { granularity: "1m" });
  for (let at = NOON_S; at < NOON_S + 330; at++)
    for (let beat = 0; beat < 4; beat++)
      yield* cycleRows(at, at % 60 < 30 ? 28 : 80);
  yield change(
    10,
    3,
    "download",
    "RTT delta 60.0ms exceeded hard_red threshold 45ms",
  );
  yield change(
    11,
    0,
    "download",
    "RTT delta 4.2ms fell below green threshold 12ms",
  );
  yield change(
    11,
    1,
    "upload",
    "RTT delta 20.0ms exceeded target threshold 12ms",
  );
  yield {
    ...{ at: NOON_S, metric: "wanctl_config_snapshot", value: NOON_S },
    labels: { trigger: "startup", download_ceiling_mbps: 940 },
  };
  yield { at: NOON_S, metric: "wanctl_steering_enabled", value: 1 };
  yield {
    at: NOON_S,
    metric: "wanctl_state",
    value: 1,
    labels: { source: "steering" },
  };
  yield { at: NOON_S, metric: "wanctl_fusion_rtt_ms", value: 1 };
}

const change = (
  after: number,
  value: number,
  direction: string,
  reason: string,
): OldRowOf => ({
  ...{ at: NOON_S + after, metric: "wanctl_state", value },
  labels: { direction, reason },
});

describe("takeOver()", () => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const nameOf = (wan: string) => wan;

  function takeAll(
    from: string,
    to: string,
    stopAfter = Infinity,
  ): MigrationCounts | null {
    using old = openOldDatabase(at(from));
    const db = openDatabase(at(to), NOW);
    try {
      const work = importHistory(old, db, nameOf);
      for (let hours = 0; hours < stopAfter; hours++) {
        const { done, value } = work.next();
        if (done) return value;
      }
      return null;
    } finally {
      db.close();
    }
  }

  const TABLES = [
    "wan",
    "series",
    "source",
    "rollup",
    "coverage",
    "day",
    "event",
    "progress",
  ];
  const dump = (name: string) =>
    TABLES.map((table) =>
      readRows(at(name), `select * from ${table}`)
        .map((row) => JSON.stringify(row))
        .sort(),
    );
  const metrics = (name: string, where: string) =>
    readRows(at(name), `select * from metrics_joined where ${where}`);

  it("accounts for every row", () => {
    const rows = writeOldDatabase(at("old.db"), past());
    const counts = takeAll("old.db", "new.db")!;
    expect(counts).to.deep.include({
      superseded: 0,
      transitions: 3,
      configurations: 1,
    });
    expect([...counts.leftOut]).to.have.deep.members([
      ["steering's own measurement", 1],
      ["wanctl_fusion_rtt_ms: no longer measured", 1],
    ]);
    expect(counts.values + 3 + 1 + 2).to.equal(rows);
  });

  it("shows each moment once, from the finest tier there is", () => {
    writeOldDatabase(at("old.db"), past());
    takeAll("old.db", "new.db");
    openAgain("new.db");
    for (const [tier, from, to, count, value] of [
      ["1h", -3 * DAY_S, -DAY_S, 48, 25],
      ["5m", -DAY_S, -2 * HOUR_S, 264, 26],
      ["1m", -2 * HOUR_S, 0, 120, 27],
      ["1m", 0, 300, 5, 54],
    ] as const) {
      const seen = metrics(
        "new.db",
        `metric_name = 'wanctl_rtt_ms' and timestamp >= ${NOON_S + from} and timestamp < ${NOON_S + to}`,
      );
      expect(
        seen.map((row) => row["granularity"]),
        tier,
      ).to.deep.equal(Array(count).fill(tier));
      for (const row of seen) expect(row["value"]).to.equal(value);
    }
  });

  /** As a recorder does when it starts: views, and what is due to be rolled up. */
  function openAgain(name: string): void {
    const store = openStore(at(name), NOW);
    const rolled = store.tend((upkeep) => {
      for (const wan of upkeep.wans())
        while (upkeep.rollUp(wan, NOW + 3_600_000));
      return true;
    });
    expect(rolled).to.equal(true);
    void store[Symbol.asyncDispose]();
  }

  it("keeps percentiles of single cycles, and makes none of averages", () => {
    writeOldDatabase(at("old.db"), past());
    takeAll("old.db", "new.db");
    const histograms = readRows(
      at("new.db"),
      `select r.bucket_ms as bucket, r.sketch is not null as has from rollup r join series s on s.id = r.series
         where r.tier = 1 and s.metric = 'wanctl_rtt_ms'`,
    );
    for (const { bucket, has } of histograms)
      expect(has, String(bucket)).to.equal(Number(bucket) >= NOON_MS ? 1 : 0);
  });

  it("calls the rates what they were: wishes", () => {
    writeOldDatabase(at("old.db"), past());
    takeAll("old.db", "new.db");
    const names = metrics("new.db", `timestamp = ${NOON_S - HOUR_S}`).map(
      (row) => row["metric_name"],
    );
    expect(names).to.include("wanctl_rate_wanted_download_mbps");
    expect(names).not.to.include("wanctl_rate_download_mbps");
  });

  it("knows the download's state, and says nothing of the upload's", () => {
    writeOldDatabase(at("old.db"), past());
    takeAll("old.db", "new.db");
    const states = metrics("new.db", "metric_name = 'wanctl_state'");
    expect(new Set(states.map((row) => row["labels"]))).to.deep.equal(
      new Set(['{"direction":"download"}']),
    );
    // 80 ms in half of the minute; of two that are held as long the worse
    expect(
      states.find((row) => row["timestamp_ms"] === NOON_MS)?.["value"],
    ).to.equal(3);
  });

  it("keeps changes of state, with their numbers", () => {
    writeOldDatabase(at("old.db"), past());
    takeAll("old.db", "new.db");
    expect(
      readRows(
        at("new.db"),
        "select * from transitions order by timestamp_ms, direction",
      ),
    ).to.deep.equal(
      [
        [10_000, "download", "GREEN", "RED", 60, "hard_red", 45],
        [11_000, "download", "RED", "GREEN", 4.2, "green", 12],
        [11_000, "upload", "GREEN", "YELLOW", 20, "target", 12],
      ].map(
        (
          [
            after,
            direction,
            from_state,
            to_state,
            delta_ms,
            threshold,
            threshold_ms,
          ],
          i,
        ) => ({
          timestamp_ms: NOON_MS + Number(after),
          wan_name: "spectrum",
          ...{ direction, from_state, to_state },
          reason: [...past()]
            .filter(({ labels }) => labels !== undefined && "reason" in labels)
            .map(({ labels }) => (labels as { reason: string }).reason)[i],
          ...{ delta_ms, threshold, threshold_ms },
        }),
      ),
    );
  });

  it("is the same when it was interrupted after any hour", () => {
    writeOldDatabase(at("old.db"), past());
    takeAll("old.db", "whole.db");
    for (const hours of [1, 48, 70, 72]) {
      const name = `after-${hours}.db`;
      expect(takeAll("old.db", name, hours)).to.equal(null);
      takeAll("old.db", name);
      expect(dump(name), `${hours} h`).to.deep.equal(dump("whole.db"));
    }
  });

  it("adds nothing when it is repeated, also after a recorder has tidied up", () => {
    const rows = writeOldDatabase(at("old.db"), past());
    takeAll("old.db", "new.db");
    openAgain("new.db");
    const before = dump("new.db");
    const counts = takeAll("old.db", "new.db")!;
    expect(dump("new.db")).to.deep.equal(before);
    const left = [...counts.leftOut.values()].reduce((a, b) => a + b, 0);
    const { values, transitions, configurations } = counts;
    expect(values + transitions + configurations + left).to.equal(rows);
  });

  it("lets our own history be", () => {
    writeOldDatabase(at("old.db"), past());
    const store = openStore(at("new.db"), NOW);
    const mine = stamped(cycle(), 1);
    store.commit([mine]);
    void store[Symbol.asyncDispose]();
    const ours = readRows(at("new.db"), "select * from cycle");
    const counts = takeAll("old.db", "new.db")!;
    expect(
      counts.leftOut.get("covered by the recorder's own history"),
    ).to.be.above(1000);
    expect(readRows(at("new.db"), "select * from cycle")).to.deep.equal(ours);
    expect(
      readRows(
        at("new.db"),
        `select count(*) as n from coverage where bucket_ms >= ${NOON_MS}`,
      ),
    ).to.deep.equal([{ n: 0 }]);
    openAgain("new.db");
    expect(
      metrics(
        "new.db",
        "metric_name = 'wanctl_rtt_ms' and granularity = 'raw'",
      ),
    ).to.have.lengthOf(1);
  });

  it("refuses what is none of its databases", () => {
    expect(() => openOldDatabase(at("none.db"))).to.throw("Cannot open");
    openDatabase(at("new.db"), NOW).close();
    expect(() => openOldDatabase(at("new.db"))).to.throw(
      "must be a database of the Python wanctl: its table 'metrics' lacks",
    );
  });
});

describe("hourOf()", () => {
  it("sums an hour up as if it were summed up at once, and counts each value once", () => {
    const value = fc.record({
      kind: fc.constant("value" as const),
      series: fc.constantFrom("rttUs" as const, "deltaUs" as const),
      tier: fc.constant("raw" as const),
      atMs: fc.integer({ min: 0, max: 3599 }).map((s) => NOON_MS + s * 1000),
      value: fc.integer({ min: -1000, max: 1e6 }),
    });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        (values: OldValue[]) => {
          const { buckets, superseded } = hourOf(values, (series) =>
            series === "rttUs" ? 1 : 2,
          );
          expect(superseded).to.equal(0);
          const hour = buckets["1h"].get(NOON_MS)!;
          for (const [id, series] of [
            [1, "rttUs"],
            [2, "deltaUs"],
          ] as const) {
            const points = values
              .filter((one) => one.series === series)
              .map(({ atMs, value: n }) => [atMs, n] as const);
            expect(hour.rollups.get(id) ?? null).to.deep.equal(
              rollupOf(points, true),
            );
          }
        },
      ),
    );
  });

  it("takes an average only where nothing finer is", () => {
    const of = (
      tier: OldValue["tier"],
      series: OldValue["series"],
      value: number,
    ): OldValue => ({
      kind: "value",
      ...{ tier, series, value, atMs: NOON_MS },
    });
    const { buckets, superseded } = hourOf(
      [
        of("raw", "rttUs", 5),
        of("1m", "rttUs", 7),
        of("1m", "deltaUs", 2),
        of("1h", "deltaUs", 9),
      ],
      (series) => (series === "rttUs" ? 1 : 2),
    );
    expect(superseded).to.equal(2);
    expect(buckets["1m"].get(NOON_MS)?.rollups.get(1)).to.include({
      count: 1,
      sum: 5,
    });
    expect(buckets["1h"].get(NOON_MS)?.rollups.get(2)).to.include({
      count: 1200,
      sum: 2400,
    });
    expect(buckets["1h"].get(NOON_MS)?.coverage.cycles).to.equal(1);
  });
});
