import { request } from "node:http";
import { json } from "node:stream/consumers";
import { expect } from "chai";
import { completenessLines } from "../../../cli/history/summary-page.js";
import { openRandom } from "../../../controller/simulation/random.js";
import { recordedInWords } from "../../../page/text/summaries.js";
import { openHistoryFile } from "../../../recorder/query/reader.js";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import type {
  RangeAnswer,
  SeriesAnswer,
  SummaryAnswer,
} from "../../../shared/contract/history.js";
import { labelText, METRICS } from "../../../shared/contract/metrics.js";
import { cycle, NOON_MS, sample, stamped } from "../../fakes/frames.js";
import { temporaryPost } from "../http/post.js";
import { readRows } from "../temporary.js";

const MINUTE_MS = 60_000;
const BEATS = 4 * 1_200;

/** Four minutes that are never twice the same. */
function frames() {
  const random = openRandom(1, "surfaces");
  const draw = (least: number, mean: number) =>
    Math.round(least + random.exponential(mean));
  return Array.from({ length: BEATS }, (_, i) =>
    i % 600 === 7
      ? stamped(sample((i / 600) % 2 > 1 ? 1 : 0), i + 1)
      : stamped(
          cycle({
            rttUs: i % 50 === 3 ? null : draw(20_000, 4_000),
            deltaUs: draw(-1_000, 3_000),
            stateDownload: Math.floor(i / 700) % 4,
            enforcedDownloadKbps: draw(200_000, 50_000),
            loadUploadKbps: draw(0, 9_000),
            missed: i % 400 === 1 ? 3 : 0,
          }),
          i + 1,
        ),
  );
}

describe("the same number for the same thing (API-01, API-02, STOR-06, CLI-01)", () => {
  const post = temporaryPost();
  const sent = frames();
  const FROM_MS = NOON_MS;
  const TO_MS = NOON_MS + 3 * MINUTE_MS;

  beforeEach(() => {
    for (const frame of sent) {
      post.clock.advance(50);
      post.take(frame);
    }
    post.intake.commit();
    post.store.tend((upkeep) => {
      while (upkeep.rollUp(1, post.clock.wall()));
    });
  });

  const get = async <T>(path: string) =>
    (await post.json(path)) as unknown as T;
  const span = `from=${FROM_MS}&to=${TO_MS}`;
  const keyOf = (metric: string, labels: string | null) =>
    `${metric} ${labels}`;

  /** `tier` rows of the views, by metric and time. */
  const viewed = (tier: string, view: string) => {
    const rows = readRows(
      post.store.path,
      `select timestamp_ms, metric_name, labels, value from ${view}
         where granularity = ? and timestamp_ms >= ? and timestamp_ms < ?`,
      ...[tier, FROM_MS, TO_MS],
    ) as {
      timestamp_ms: number;
      metric_name: string;
      labels: string | null;
      value: number;
    }[];
    return new Map(
      rows.map(({ metric_name: metric, labels, timestamp_ms: at, value }) => [
        `${keyOf(metric, labels)} ${at}`,
        value,
      ]),
    );
  };

  const ranged = ({ data }: RangeAnswer) =>
    new Map(
      data.flatMap(({ metric, labels, at, avg }) =>
        at.map((ms, i) => [
          `${keyOf(metric, labelText(labels))} ${ms}`,
          avg[i],
        ]),
      ),
    );

  it("in every cycle: metrics_joined and /api/v1/range", async () => {
    const answer = await get<RangeAnswer>(
      `/api/v1/range?from=${FROM_MS}&to=${FROM_MS + MINUTE_MS}&step=cycle`,
    );
    const wanted = [...viewed("raw", "metrics_joined")].filter(
      ([key]) => Number(key.split(" ").at(-1)) < FROM_MS + MINUTE_MS,
    );
    const found = ranged(answer);
    expect(found.size).to.equal(wanted.length);
    for (const [key, value] of wanted)
      expect(found.get(key), key).to.equal(value);
  });

  it("in every minute: metrics, /api/v1/range and /metrics/history", async () => {
    const minutes = viewed("1m", "metrics");
    const answer = await get<RangeAnswer>(`/api/v1/range?${span}&step=1m`);
    expect(ranged(answer)).to.deep.equal(minutes);
    const { data } = await get<{
      data: {
        timestamp: string;
        metric_name: string;
        labels: string | null;
        value: number;
        granularity: string;
      }[];
    }>(
      `/metrics/history?from=${TO_MS - 7 * 3_600_000}&to=${TO_MS}&limit=10000`,
    );
    const rows = new Map(
      data.map(({ timestamp, metric_name: metric, labels, value }) => [
        `${keyOf(metric, labels)} ${Date.parse(timestamp)}`,
        value,
      ]),
    );
    expect(rows).to.deep.equal(minutes);
    expect(new Set(data.map(({ granularity }) => granularity))).to.deep.equal(
      new Set(["1m"]),
    );
    const times = data.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).to.deep.equal(times.toSorted((a, b) => b - a));
  });

  it("in all: /api/v1/summary, one step of /api/v1/range, and the cycles themselves", async () => {
    const { data, metadata } = await get<SummaryAnswer>(
      `/api/v1/summary?${span}`,
    );
    const whole = await get<RangeAnswer>(`/api/v1/range?${span}&step=3m`);
    for (const { metric, labels, count, min, avg, max } of data) {
      const line = whole.data.find(
        (each) =>
          each.metric === metric &&
          labelText(each.labels) === labelText(labels),
      );
      expect({ count, min, avg, max }, metric).to.deep.equal({
        count: line?.count[0],
        min: line?.min[0],
        avg: line?.avg[0],
        max: line?.max[0],
      });
    }
    const cycles = sent.filter(
      (each): each is typeof each & CycleFrame =>
        each.kind === "cycle" && each.at < TO_MS,
    );
    for (const { name, from, unit } of METRICS) {
      if (from.kind !== "cycle" || unit === "code") continue;
      const values = cycles.flatMap((frame) => frame[from.field] ?? []);
      const row = data.find((each) => each.metric === name);
      expect(row?.count, name).to.equal(values.length);
    }
    const rates = cycles
      .map((frame) => (frame.enforcedDownloadKbps ?? 0) / 1e3)
      .sort((a, b) => a - b);
    const exact = rates[Math.ceil(0.95 * rates.length) - 1] ?? 0;
    const rate = data.find(
      ({ metric }) => metric === "wanctl_rate_download_mbps",
    );
    expect(rate?.p95).to.be.closeTo(exact, 0.0218 * exact);
    const state = whole.data.find(
      ({ metric, labels }) =>
        metric === "wanctl_state" && labels["direction"] === "download",
    );
    const held = metadata.states.find(
      ({ direction }) => direction === "download",
    );
    expect(Object.values(held?.ms ?? {})).to.deep.equal(state?.stateMs?.[0]);
  });

  for (const [title, beforeMs, afterMs] of [
    ["all of it", 0, -MINUTE_MS],
    ["begun within it", 14 * MINUTE_MS, 0],
    ["begun within it, and it goes on in the future", 4 * MINUTE_MS, 3_600_000],
    ["begun in 500 days", 500 * 86_400_000, 0],
    ["before everything", 3_600_000, -3_600_000],
  ] as const)
    it(`of how much is recorded of the time that was asked for: ${title}`, async () => {
      const fromMs = NOON_MS + 50 - beforeMs;
      const toMs = NOON_MS + BEATS * 50 + afterMs;
      const asked = `wan=spectrum&from=${fromMs}&to=${toMs}`;
      const answers = await Promise.all([
        get<RangeAnswer>(`/api/v1/range?${asked}&step=5m`),
        get<RangeAnswer>(`/api/v1/range?${asked}&points=100`),
        get<SummaryAnswer>(`/api/v1/summary?${asked}`),
      ]);
      const untilMs = Math.min(toMs, NOON_MS + BEATS * 50);
      const heldMs = Math.max(0, untilMs - Math.max(fromMs, NOON_MS + 50));
      for (const { metadata } of answers) {
        const [wan] = metadata.wans;
        const { recorded } = answers[2].metadata.wans[0] ?? {};
        expect(wan?.recorded).to.equal(recorded);
        expect(recorded).to.be.closeTo(heldMs / (untilMs - fromMs), 0.01);
        if (beforeMs === 0) expect(wan?.since).to.equal(null);
        else expect(wan?.since).to.be.closeTo(NOON_MS, MINUTE_MS);
        expect(metadata.partial).to.equal((recorded ?? 0) < 0.99);
        const share = `${Math.round(1_000 * (recorded ?? 0)) / 10}`;
        const since =
          beforeMs === 0 ? /recorded;/ : /recorded, since|is recorded/;
        const [line = ""] = completenessLines(
          metadata,
          "spectrum",
          200,
          (_, text) => text,
        );
        if (wan?.sections.length === 0)
          expect(line).to.include("nothing recorded");
        else {
          expect(line).to.match(since);
          expect(recordedInWords(wan)).to.include(
            "of this time range is recorded",
          );
          if (recorded! > 0.002 && recorded! < 0.999)
            expect(line).to.include(share);
        }
      }
    });

  it("of now: /metrics and the newest cycle of /api/v1/range", async () => {
    const text = await (await post.get("/metrics")).text();
    const nowMs = post.clock.wall();
    const { data } = await get<RangeAnswer>(
      `/api/v1/range?from=${nowMs - 1_000}&to=${nowMs + 1}&step=cycle`,
    );
    for (const { metric, labels, avg } of data) {
      const given = Object.entries({ wan: "spectrum", ...labels });
      const line = text
        .split("\n")
        .find(
          (each) =>
            each.startsWith(`${metric}{`) &&
            given.every(([key, value]) => each.includes(`${key}="${value}"`)),
        );
      if (line === undefined) continue;
      expect(Number(line.split(" ").at(-1)), metric).to.equal(avg.at(-1));
    }
    expect(text).to.match(/^wanctl_rtt_delta_ms\{/m);
  });

  it("over TCP, at the socket and from the file", async () => {
    const path = `/api/v1/range?${span}&points=40`;
    const tcp = await get<RangeAnswer>(path);
    const socket = await new Promise((resolve, reject) => {
      request({ socketPath: post.socket, path }, (answer) =>
        resolve(json(answer)),
      )
        .on("error", reject)
        .end();
    });
    expect(socket).to.deep.equal(tcp);
    using history = openHistoryFile(post.store.path);
    const file = await history.range({
      ...{ fromMs: FROM_MS, toMs: TO_MS },
      resolution: { points: 40 },
    });
    expect(file).to.deep.equal(tcp);
    const series = await get<SeriesAnswer>("/api/v1/series");
    const { data } = await history.series();
    expect(data).to.deep.equal(series.data);
  });

  for (const [text, stepMs] of [
    ["1h30m", 90 * MINUTE_MS],
    ["1.5m", 90_000],
    ["2w", 14 * 24 * 60 * MINUTE_MS],
    ["5400001ms", 5_400_001],
  ] as const)
    it(`takes a step of ${text}, as the command line does`, async () => {
      const { metadata } = await get<RangeAnswer>(
        `/api/v1/range?${span}&step=${text}`,
      );
      expect(metadata.stepMs).to.equal(stepMs);
    });

  it("refuses what it cannot read, by parameter, rule and value", async () => {
    for (const [query, parameter] of [
      ["range?metric=rrt", "metric"],
      ["range?step=5x", "step"],
      ["range?step=0s", "step"],
      ["range?step=49ms", "step"],
      ["range?step=100.5ms", "step"],
      ["range?step=101y", "step"],
      ["range?points=5001", "points"],
      ["range?points=10&step=1s", "step"],
      ["range?cursor=17.x", "cursor"],
      ["range?cursor=17.0", "cursor"],
      ["range?wan=..", "wan"],
      ["summary?points=1", "points"],
      ["range?from=2025-06-15T12:00", "from"],
    ] as const) {
      const answer = await post.get(`/api/v1/${query}`);
      expect(answer.status, query).to.equal(400);
      expect(await answer.json(), query).to.include({ parameter });
    }
    for (const [query, parameter] of [
      ["metrics=rtt,nonsense", "metrics"],
      ["range=5y", "range"],
      ["range=99999w", "range"],
      ["limit=10001", "limit"],
    ] as const) {
      const answer = await post.get(`/metrics/history?${query}`);
      expect(answer.status, query).to.equal(400);
      expect(await answer.json(), query).to.include({ parameter });
    }
  });
});
