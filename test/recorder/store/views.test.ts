import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "chai";
import type { WallMs } from "../../../shared/clock.js";
import { METRICS } from "../../../shared/metrics.js";
import { openStore, type Store } from "../../../recorder/store/store.js";
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

  it("show each moment once in metrics_joined (STOR-06)", () => {
    store.commit(cycles([1, 2, 3]));
    expect(rows("select * from metrics_joined")).to.deep.equal(
      rows("select * from metrics"),
    );
  });

  const packedBy = (search: string) => [
    search,
    "SEARCH s USING PRIMARY KEY (wan=? AND slot=?)",
    "SEARCH w USING INTEGER PRIMARY KEY (rowid=?)",
  ];
  const arms = METRICS.filter(({ from }) => from.kind === "cycle").length;

  for (const view of ["metrics", "metrics_joined"])
    for (const [filter, packed, plain] of [
      [
        "timestamp_ms >= 1 and timestamp_ms < 2",
        "SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SEARCH t USING PRIMARY KEY (wan=? AND at_ms>? AND at_ms<?)",
      ],
      [
        "wan_name = 'att' and timestamp_ms > 1",
        "SEARCH t USING INTEGER PRIMARY KEY (rowid>?)",
        "SEARCH t USING PRIMARY KEY (wan=? AND at_ms>?)",
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
      });

  it("search samples, transitions and events by time (STOR-06)", () => {
    const within = "where timestamp_ms >= 1 and timestamp_ms < 2";
    expect(plan(`select * from metrics ${within}`)).to.include(
      "SEARCH a USING PRIMARY KEY (series=? AND at_ms>? AND at_ms<?)",
    );
    for (const view of ["transitions", "events"])
      expect(plan(`select * from ${view} ${within}`)).to.include(
        "SEARCH e USING INDEX event_by_time (wan=? AND at_ms>? AND at_ms<?)",
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
