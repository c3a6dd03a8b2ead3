import { join } from "node:path";
import { expect } from "chai";
import { Database } from "../../../recorder/store/connection.js";
import { openStore, type Store } from "../../../recorder/store/store.js";
import {
  ROLLED_TIERS,
  type Tier,
  tierCode,
} from "../../../recorder/tiers/tier.js";
import { METRICS } from "../../../shared/contract/metrics.js";
import type { Row } from "../../../shared/contract/row.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import {
  cycle,
  cycles,
  NOON_MS,
  sample,
  stamped,
  transition,
} from "../../fakes/frames.js";
import { readRows, temporaryFolder } from "../temporary.js";

const NOON = NOON_MS as WallMs;
const AT_MS = NOON_MS + 50;

describe("views", () => {
  const folder = temporaryFolder();
  let store: Store;
  beforeEach(() => {
    store = openStore(join(folder.path, "metrics.db"), NOON);
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const rows = (sql: string, ...values: unknown[]) =>
    readRows(store.path, sql, ...values);
  const plan = (sql: string) =>
    rows(`explain query plan ${sql}`).map((row) => String(row["detail"]));

  it("show every metric of a cycle, in its unit, with labels (STOR-06, DATA-01, DATA-02)", () => {
    store.commit([stamped(cycle(), 1)]);
    const seen = rows("select * from metrics");
    const each = METRICS.filter((metric) => metric.from.kind === "cycle");
    expect(seen.map((row) => row["metric_name"])).to.have.members(
      each.map((metric) => metric.name),
    );
    const common = {
      timestamp: Math.floor(AT_MS / 1e3),
      timestamp_ms: AT_MS,
      wan_name: "spectrum",
      granularity: "raw",
    };
    for (const [metric_name, value, labels] of [
      ["wanctl_rtt_ms", 24.3, null],
      ["wanctl_rtt_delta_ms", 1.2, null],
      ["wanctl_rate_download_mbps", 240, null],
      ["wanctl_rate_wanted_upload_mbps", 18.5, null],
      ["wanctl_state", 0, '{"direction":"upload"}'],
    ] as const)
      expect(seen).to.deep.include({ ...common, metric_name, value, labels });
  });

  it("leave out what is not known: missing, never 0 (STOR-06, DATA-05)", () => {
    const silent = cycle({ reading: 2, rttUs: null, enforcedUploadKbps: null });
    store.commit([stamped(silent, 1)]);
    const names = rows("select metric_name from metrics").map(
      (row) => row["metric_name"],
    );
    expect(names).to.not.include.members([
      "wanctl_rtt_ms",
      "wanctl_rate_upload_mbps",
    ]);
    expect(names).to.include("wanctl_rate_download_mbps");
  });

  it("show samples beside cycles, with or without labels (STOR-06)", () => {
    const source = "steering";
    store.commit([
      stamped(sample(1), 1, { source }),
      stamped(sample(0, { to: "att", for: "games" }), 2, { source }),
    ]);
    expect(
      rows("select wan_name, value, labels from metrics order by timestamp_ms"),
    ).to.deep.equal([
      { wan_name: source, value: 1, labels: null },
      { wan_name: source, value: 0, labels: '{"for":"games","to":"att"}' },
    ]);
  });

  it("show a transition in words and numbers (DATA-03)", () => {
    store.commit([stamped(transition(), 1)]);
    expect(rows("select * from transitions")).to.deep.equal([
      {
        timestamp_ms: AT_MS,
        wan_name: "spectrum",
        direction: "download",
        from_state: "YELLOW",
        to_state: "SOFT_RED",
        reason: "RTT delta 50.3ms exceeded soft_red threshold 45ms",
        delta_ms: 50.3,
        threshold: "soft_red",
        threshold_ms: 45,
      },
    ]);
  });

  it("show events with their details (DATA-03, DATA-04)", () => {
    const config = { wan: "spectrum", download: { base_mbps: 15 } };
    store.commit([
      stamped({ kind: "config", trigger: "start", config }, 1),
      stamped(
        {
          kind: "event",
          event: "router_lost",
          detail: { cause: "refused", tries: 3 },
        },
        2,
      ),
    ]);
    expect(
      rows("select kind, details from events order by timestamp_ms").map(
        ({ kind, details }) => [kind, JSON.parse(String(details)) as unknown],
      ),
    ).to.deep.equal([
      ["config", { trigger: "start", config }],
      ["router_lost", { cause: "refused", tries: 3 }],
    ]);
  });

  it("show the same in metrics_joined while nothing has expired (STOR-06)", () => {
    store.commit(cycles([1, 2, 3]));
    expect(rows("select * from metrics_joined")).to.deep.equal(
      rows("select * from metrics"),
    );
  });

  describe("of tiers", () => {
    const HOUR_MS = 3_600_000;
    const rollUp = () => {
      while (
        store.tend((upkeep) => upkeep.rollUp(1, NOON_MS + 9 * HOUR_MS)) === true
      );
    };
    /** A beat every 10 s for two hours. */
    const twoHours = (valuesOf: (i: number) => Partial<Row>) => {
      const frames = Array.from({ length: 720 }, (_, i) =>
        stamped(cycle(valuesOf(i)), i + 1, { at: NOON_MS + i * 10_000 }),
      );
      store.commit(frames);
      rollUp();
    };

    it("show the mean in its unit, beside what it was made from (STOR-03, STOR-06)", () => {
      twoHours((i) => ({ rttUs: 20_000 + (i % 2) * 1_000, lost: i % 3 }));
      for (const [granularity, n] of [
        ["raw", 720],
        ["1m", 120],
        ["5m", 24],
        ["1h", 2],
      ] as const)
        expect(
          rows(
            `select count(*) as n, min(timestamp_ms) as first, avg(value) as mean, max(labels) as labels from metrics
               where metric_name = 'wanctl_rtt_ms' and granularity = '${granularity}'`,
          ),
        ).to.deep.equal([{ n, first: NOON_MS, mean: 20.5, labels: null }]);
      expect(
        rows(
          "select value from metrics where metric_name = 'wanctl_probes_lost' and granularity = '1h'",
        ),
      ).to.deep.equal([{ value: 1 }, { value: 1 }]);
    });

    it("show the state held longest, of two the worse, per direction (STOR-06, DATA-05)", () => {
      // download: of each six 3 GREEN, 3 YELLOW; upload: the first hour RED most of the time
      twoHours((i) => ({
        stateDownload: i % 2,
        stateUpload: i < 360 && i % 3 > 0 ? 3 : 0,
      }));
      expect(
        rows(
          `select labels, value from metrics
             where metric_name = 'wanctl_state' and granularity = '1h' order by labels, timestamp_ms`,
        ),
      ).to.deep.equal([
        { labels: '{"direction":"download"}', value: 1 },
        { labels: '{"direction":"download"}', value: 1 },
        { labels: '{"direction":"upload"}', value: 3 },
        { labels: '{"direction":"upload"}', value: 0 },
      ]);
    });

    it("show a code that is sampled as what most samples say (STOR-06)", () => {
      store.commit([0, 1, 1].map((value, i) => stamped(sample(value), i + 1)));
      rollUp();
      expect(
        rows(
          "select granularity, value from metrics where granularity <> 'raw'",
        ),
      ).to.deep.equal(
        ROLLED_TIERS.map((granularity) => ({ granularity, value: 1 })),
      );
    });

    // expired before:   raw 13:00  1m 12:30  5m 12:00 ... joined:  |1h .. 12:00|5m .. 12:30|1m .. 13:00|raw ..|
    it("show each moment once in metrics_joined, finest first (STOR-06)", () => {
      twoHours(() => ({}));
      const expire = (tier: Tier, beforeMs: number) =>
        store.tend((upkeep) => upkeep.expire(1, { tier, beforeMs }, 1e6));
      expire("raw", NOON_MS + HOUR_MS);
      expire("1m", NOON_MS + HOUR_MS / 2);
      // half done: what is condemned but still there is not shown
      store.tend((upkeep) =>
        upkeep.expire(
          1,
          { tier: "raw", beforeMs: NOON_MS + 1.5 * HOUR_MS },
          10,
        ),
      );
      for (const metric of ["wanctl_rtt_ms", "wanctl_state"])
        expect(
          rows(
            `select granularity, count(*) as n, min(timestamp_ms) - ${NOON_MS} as first, max(timestamp_ms) - ${NOON_MS} as last
               from metrics_joined where metric_name = '${metric}' and ifnull(labels, '') not like '%upload%'
               group by 1 order by 3`,
          ),
        ).to.deep.equal([
          { granularity: "5m", n: 6, first: 0, last: 1_500_000 },
          { granularity: "1m", n: 60, first: 1_800_000, last: 5_340_000 },
          { granularity: "raw", n: 180, first: 5_400_000, last: 7_190_000 },
        ]);
    });

    it("leave what has expired in the finer tier to the coarser one, where a tier between them is new", async () => {
      twoHours(() => ({}));
      for (const tier of ["raw", "1m"] as const)
        store.tend((upkeep) =>
          upkeep.expire(1, { tier, beforeMs: NOON_MS + HOUR_MS }, 1e6),
        );
      const { path } = store;
      await store[Symbol.asyncDispose]();
      const db = new Database(path);
      for (const table of ["progress", "rollup", "coverage"])
        db.exec(`delete from ${table} where tier = ${tierCode("5m")}`);
      db.close();

      store = openStore(path, NOON);
      const shown = () =>
        rows(
          `select granularity, count(*) as n, min(timestamp_ms) - ${NOON_MS} as first from metrics_joined
             where metric_name = 'wanctl_rtt_ms' group by 1 order by 3`,
        );
      const whole = [
        { granularity: "1h", n: 1, first: 0 },
        { granularity: "raw", n: 360, first: HOUR_MS },
      ];
      expect(shown(), "before it is rolled up").to.deep.equal(whole);
      store.tend((upkeep) => {
        while (upkeep.rollUp(1, NOON_MS + 3 * HOUR_MS));
      });
      expect(shown(), "rolled up").to.deep.equal(whole);
      const fine = rows(
        `select count(*) as n, min(bucket_ms) - ${NOON_MS} as first from coverage where tier = ${tierCode("5m")}`,
      );
      expect(fine).to.deep.equal([{ n: 12, first: HOUR_MS }]);
    });
  });

  const packedBy = (search: string) => [
    search,
    "SEARCH s USING INDEX sqlite_autoindex_cycle_slot_1 (wan=? AND slot=?)",
  ];
  const arms = METRICS.filter(({ from }) => from.kind === "cycle").length;

  for (const view of ["metrics", "metrics_joined"])
    for (const [filter, packed, plain] of [
      [
        "timestamp_ms >= 1 and timestamp_ms < 2",
        "SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SEARCH t USING PRIMARY KEY (at_ms>? AND at_ms<?)",
      ],
      [
        "wan_name = 'att' and timestamp_ms > 1",
        "SEARCH t USING INTEGER PRIMARY KEY (rowid>?)",
        "SEARCH t USING PRIMARY KEY (at_ms>?)",
      ],
    ] as const)
      it(`search ${view} by key where ${filter} (STOR-06)`, () => {
        const steps = plan(`select * from ${view} where ${filter}`);
        for (const step of [...packedBy(packed), plain])
          expect(
            steps.filter((each) => each === step),
            step,
          ).to.have.length(arms);
        expect(steps.filter((step) => /^SCAN [acst] /.test(step))).to.be.empty;
        expect(steps.some((step) => /^SEARCH a .*series=\?/.test(step))).to.be
          .true;
        expect(steps.filter((step) => /^SCAN [rvp] /.test(step))).to.be.empty;
        for (const [alias, key, tiers] of [
          ["r", "tier=?", ROLLED_TIERS.length],
          ["v", "tier=? AND wan=?", 2 * ROLLED_TIERS.length],
        ] as const) {
          const time = plain
            .slice(plain.indexOf("(") + 1, -1)
            .replaceAll("at_ms", "bucket_ms");
          const search = `SEARCH ${alias} USING PRIMARY KEY (${key} AND ${time}`;
          const found = steps.filter((step) => step.startsWith(search));
          expect(found, `${alias}: ${steps.join("\n")}`).to.have.length(tiers);
        }
      });

  it("search samples, transitions and events by time (STOR-06)", () => {
    const within = "where timestamp_ms >= 1 and timestamp_ms < 2";
    expect(plan(`select * from metrics ${within}`)).to.include(
      "SEARCH a USING PRIMARY KEY (series=? AND at_ms>? AND at_ms<?)",
    );
    for (const view of ["transitions", "events"])
      expect(plan(`select * from ${view} ${within}`)).to.include(
        "SEARCH e USING PRIMARY KEY (at_ms>? AND at_ms<?)",
      );
  });

  it("are made anew at every start", async () => {
    await store[Symbol.asyncDispose]();
    const db = new Database(store.path);
    db.exec("drop view metrics; create view metrics as select 1 as old");
    db.close();
    store = openStore(store.path, NOON);
    expect(
      rows("select count(*) as n, max(wan_name) from metrics"),
    ).to.have.length(1);
  });
});
