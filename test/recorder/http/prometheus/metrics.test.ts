import { spawnSync } from "node:child_process";
import { expect } from "chai";
import fc from "fast-check";
import { WANS_MAX } from "../../../../recorder/http/present.js";
import { causeCode, CAUSES } from "../../../../shared/contract/cause.js";
import { encodeFrame, type Frame } from "../../../../shared/contract/frame.js";
import { METRICS } from "../../../../shared/contract/metrics.js";
import { READINGS, STATES } from "../../../../shared/contract/state.js";
import { cycle, sample, stamped } from "../../../fakes/frames.js";
import { needsProgram } from "../needs-program.js";
import { temporaryPost } from "../post.js";

type Values = ReadonlyMap<string, number>;

/** Labels in order, for the text format has none. */
const sorted = (series: string) =>
  series.replace(
    /\{(.*)\}/,
    (_, labels: string) => `{${labels.split(",").sort().join(",")}}`,
  );

/** `name{labels}` to value, of the text format. */
const parse = (text: string): Values =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [, series = "", value = ""] = /^(.*) (\S+)$/.exec(line) ?? [];
        return [sorted(series), Number(value)];
      }),
  );

describe("GET /metrics", () => {
  const post = temporaryPost();
  const scrape = async (): Promise<Values> =>
    parse(await (await post.get("/metrics")).text());

  it("has what the last cycle had, by the registry's names (DATA-05)", async () => {
    post.take(stamped(cycle({ stateDownload: 2 }), 1));
    post.take(stamped(sample(3, {}, "wanctl_condition"), 2));
    post.take(stamped(sample(1), 1, { source: "steering" }));
    const call = { transport: "tc", outcome: "ok" };
    post.take(stamped(sample(9, call, "wanctl_router_calls_total"), 3));
    post.take(stamped(sample(1, {}, "wanctl_router_up"), 4));
    const restlessness = "wanctl_restlessness_ratio";
    post.take(stamped(sample(0.8, { direction: "upload" }, restlessness), 5));
    const seen = await scrape();
    for (const [series, value] of [
      ['wanctl_rtt_ms{wan="spectrum"}', 24.3],
      ['wanctl_rtt_baseline_ms{wan="spectrum"}', 23.9],
      ['wanctl_rtt_delta_ms{wan="spectrum"}', 1.2],
      ['wanctl_rate_download_mbps{wan="spectrum"}', 240],
      ['wanctl_rate_upload_mbps{wan="spectrum"}', 18.5],
      ['wanctl_rate_wanted_upload_mbps{wan="spectrum"}', 18.5],
      ['wanctl_load_upload_mbps{wan="spectrum"}', 0.93],
      ['wanctl_state{direction="download",wan="spectrum"}', 2],
      ['wanctl_state{direction="upload",wan="spectrum"}', 0],
      ['wanctl_condition{wan="spectrum"}', 3],
      ['wanctl_restlessness_ratio{direction="upload",wan="spectrum"}', 0.8],
      ['wanctl_steering_enabled{wan="steering"}', 1],
      [
        'wanctl_router_calls_total{outcome="ok",transport="tc",wan="spectrum"}',
        9,
      ],
    ] as const)
      expect(seen.get(series), series).to.equal(value);
    for (const { name } of METRICS)
      expect(
        [...seen.keys()].some((key) => key.startsWith(name)),
        name,
      ).to.be.true;
  });

  it("leaves out what is unknown, rather than saying 0 (DATA-01, DATA-05)", async () => {
    const unknown = {
      rttUs: null,
      enforcedUploadKbps: null,
      loadDownloadKbps: null,
    };
    post.take(stamped(cycle({ ...unknown, reading: 2 }), 1));
    const names = [...(await scrape()).keys()].join("\n");
    expect(names)
      .to.include('wanctl_rtt_baseline_ms{wan="spectrum"}')
      .and.include('wanctl_rate_download_mbps{wan="spectrum"}');
    for (const name of [
      "wanctl_rtt_ms",
      "wanctl_rate_upload_mbps",
      "wanctl_load_download_mbps",
      "wanctl_router_up",
      "wanctl_steering_enabled",
    ])
      expect(names).not.to.include(`${name}{`);
  });

  it("learns whether the router answers from what is told each minute, without having heard it change", async () => {
    const up = (value: number) =>
      ({
        kind: "sample",
        ...{ metric: "wanctl_router_up", value, labels: {} },
      }) as const;
    for (const [seq, value] of [
      [1, 0],
      [2, 1],
    ] as const) {
      post.take(stamped(up(value), seq));
      expect((await scrape()).get('wanctl_router_up{wan="spectrum"}')).to.equal(
        value,
      );
      const { data } = await post.json("/api/v1/wans");
      expect(data[0]).to.include({ isRouterUp: value === 1 });
    }
    post.clock.advance(130_001);
    expect((await scrape()).has('wanctl_router_up{wan="spectrum"}')).to.be
      .false;
  });

  it("leaves out what is over 10 s old, and says how old it is (DATA-05)", async () => {
    post.take(stamped(cycle(), 1));
    post.clock.advance(10_000);
    expect((await scrape()).has('wanctl_rtt_ms{wan="spectrum"}')).to.be.true;
    post.clock.advance(1);
    const seen = await scrape();
    expect(seen.has('wanctl_rtt_ms{wan="spectrum"}')).to.be.false;
    expect(seen.get('wanctl_frame_age_seconds{wan="spectrum"}')).to.equal(
      10.001,
    );
    const { data } = await post.json("/api/v1/wans");
    expect(data[0]).to.include({ isLive: false, ageMs: 10_001 });
  });

  it("takes a controller that said it stops for stopped, not for silent", async () => {
    const stopping = { kind: "event", event: "stopping", detail: {} } as const;
    post.take(stamped(cycle(), 1), stamped(stopping, 2));
    const seen = await scrape();
    expect(seen.has('wanctl_frame_age_seconds{wan="spectrum"}')).to.be.false;
    expect(
      seen.get('wanctl_events_total{event="stopping",wan="spectrum"}'),
    ).to.equal(1);
    post.take(stamped(cycle(), 1, { boot: "e".repeat(16) }));
    expect((await scrape()).has('wanctl_frame_age_seconds{wan="spectrum"}')).to
      .be.true;
  });

  it("counts every cycle, live or sent again, to the last (DATA-05)", async () => {
    const change = fc.record({
      reading: fc.nat({ max: READINGS.length - 1 }),
      lost: fc.nat({ max: 3 }),
      missed: fc.nat({ max: 3 }),
      lateUs: fc.nat({ max: 2_000_000 }),
      rttUs: fc.option(fc.nat({ max: 3_000_000 })),
      stateDownload: fc.nat({ max: STATES.length - 1 }),
      wantedDownloadKbps: fc.constantFrom(100, 200, 300),
      causeDownload: fc.nat({ max: CAUSES.length - 1 }),
    });
    let seq = 0;
    const all: Extract<Frame, { kind: "cycle" }>[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(change, fc.boolean()), { minLength: 1 }),
        async (changes) => {
          for (const [values, isLive] of changes) {
            const frame = stamped(cycle(values), ++seq) as (typeof all)[0];
            post.clock.advance(50);
            post.intake.take(encodeFrame(frame), isLive ? undefined : frame);
            all.push(frame);
          }
          const seen = await scrape();
          const expectValue = (series: string, value: number) =>
            expect(seen.get(sorted(series)) ?? 0, series).to.equal(value);
          const sum = (of: (frame: (typeof all)[0], i: number) => number) =>
            all.reduce((total, frame, i) => total + of(frame, i), 0);
          const spectrum = '{wan="spectrum"}';
          expectValue(`wanctl_cycles_total${spectrum}`, all.length);
          expectValue(
            `wanctl_missed_beats_total${spectrum}`,
            sum((f) => f.missed),
          );
          expectValue(
            `wanctl_lost_probes_total${spectrum}`,
            sum((f) => f.lost),
          );
          for (const [code, name] of READINGS.entries())
            expectValue(
              `wanctl_readings_total{wan="spectrum",reading="${name}"}`,
              sum(({ reading }) => Number(reading === code)),
            );
          for (const [code, name] of STATES.entries())
            expectValue(
              `wanctl_state_cycles_total{wan="spectrum",direction="download",state="${name}"}`,
              sum(({ stateDownload }) => Number(stateDownload === code)),
            );
          for (const { name } of CAUSES)
            for (const [metric, way] of [
              ["cuts", -1],
              ["raises", 1],
            ] as const)
              expectValue(
                `wanctl_rate_${metric}_total{direction="download",cause="${name}",wan="spectrum"}`,
                sum(({ wantedDownloadKbps: kbps, causeDownload }, i) =>
                  Number(
                    causeDownload === causeCode(name) &&
                      way * (kbps - (all[i - 1]?.wantedDownloadKbps ?? kbps)) >
                        0,
                  ),
                ),
              );
          const rtts = all.flatMap(({ rttUs }) => rttUs ?? []);
          expectValue(`wanctl_rtt_seconds_count${spectrum}`, rtts.length);
          expectValue(
            'wanctl_rtt_seconds_bucket{le="0.1",wan="spectrum"}',
            rtts.filter((us) => us <= 100_000).length,
          );
          expectValue(
            'wanctl_cycle_late_seconds_bucket{le="0.05",wan="spectrum"}',
            sum(({ lateUs }) => Number(lateUs <= 50_000)),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it(`keeps the series of ${WANS_MAX} names, and counts the frames of all others`, async () => {
    for (let i = 0; i < WANS_MAX + 8; i++)
      for (const seq of [1, 2])
        post.take(stamped(cycle(), seq, { source: `wan-${i}` }));
    const seen = await scrape();
    const names = new Set(
      [...seen.keys()].flatMap((key) => /wan="([^"]*)"/.exec(key)?.[1] ?? []),
    );
    expect(names.size).to.equal(WANS_MAX);
    expect(seen.get("wanctl_recorder_wans_refused_total")).to.equal(16);
    expect((await post.json("/api/v1/wans")).data).to.have.length(WANS_MAX);
  });

  it("tells the recorder's own figures", async () => {
    post.take(stamped(cycle(), 1), stamped(cycle(), 2));
    post.intake.commit();
    post.clock.advance(2_000);
    post.take(stamped(cycle(), 3));
    post.health.now = { ...post.health.now, status: "degraded" };
    const seen = await scrape();
    for (const [series, value] of [
      ["wanctl_recorder_frames_total", 3],
      ["wanctl_recorder_committed_total", 2],
      ["wanctl_recorder_waiting_frames", 1],
      ["wanctl_recorder_commit_seconds_count", 1],
      ["wanctl_recorder_fine", 0],
      ['wanctl_frames_published_total{wan="spectrum"}', 3],
      ['wanctl_frames_confirmed_total{wan="spectrum"}', 2],
      ['wanctl_recorder_lag_seconds{wan="spectrum"}', 1.9],
    ] as const)
      expect(seen.get(series), series).to.equal(value);
    for (const name of ["database_bytes", "disk_free_bytes"])
      expect(seen.get(`wanctl_recorder_${name}`)).to.be.above(4_096);
    const http = 'wanctl_http_requests_total{code="200",route="/metrics"}';
    expect((await scrape()).get(http)).to.equal(1);
  });

  it("is clean, but for the units that the registry's names have (DATA-05)", async function () {
    needsProgram(this, "promtool");
    post.take(stamped(cycle(), 1), stamped(sample(1), 2));
    post.intake.commit();
    const input = await (await post.get("/metrics")).text();
    const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input,
      encoding: "utf8",
    });
    const complaints = `${stdout}${stderr}`.split("\n").filter(Boolean);
    const abbreviated = new Set(
      METRICS.map(({ name }) => name).filter((name) => /_ms$/.test(name)),
    );
    expect(complaints.sort()).to.deep.equal(
      [...abbreviated]
        .sort()
        .map(
          (name) => `${name} metric names should not contain abbreviated units`,
        ),
    );
  });
});
