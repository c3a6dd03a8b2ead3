import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import {
  CURRENT,
  CYCLE_COUNTERS,
  CYCLE_HISTOGRAMS,
} from "../../../recorder/http/prometheus/cycles.js";
import { OWN } from "../../../recorder/http/prometheus/exposition.js";
import { FIGURES } from "../../../recorder/http/prometheus/figures.js";
import { openPublisher } from "../../../shared/bus/publisher.js";
import { systemClock } from "../../../shared/runtime/clock.js";
import { makeRunFolder, runFolder } from "../../../shared/runtime/paths.js";
import { BOOT, cycle } from "../../fakes/frames.js";
import { freePort } from "../../fakes/free-port.js";
import { sleep } from "../station.js";
import { readRows, temporaryFolder } from "../temporary.js";
import { needsProgram } from "./needs-program.js";

const ROOT = resolve(import.meta.dirname, "../../../..");
const RULES = join(ROOT, "deploy/prometheus");
const DASHBOARD = join(ROOT, "deploy/grafana/dashboards/wanctl.json");
const RECORDER = fileURLToPath(
  new URL("../recorder-process.js", import.meta.url),
);

const promtool = (cwd: string, ...args: string[]) =>
  execFileSync("promtool", args, { cwd, encoding: "utf8", stdio: "pipe" });

const read = (file: string) => readFileSync(join(RULES, file), "utf8");

/** Every name that a query may ask for. */
const KNOWN = new Set([
  "up",
  "ALERTS",
  ...[...CURRENT, ...FIGURES, ...CYCLE_COUNTERS, ...Object.values(OWN)].map(
    ({ name }) => name,
  ),
  ...[...CYCLE_HISTOGRAMS, OWN.commits].flatMap(({ name }) =>
    ["_bucket", "_sum", "_count"].map((suffix) => name + suffix),
  ),
  ...[...read("wanctl.rules.yml").matchAll(/record: (\S+)/g)].map(
    ([, name = ""]) => name,
  ),
]);

const namesIn = (text: string) =>
  [...text.matchAll(/\b(?:wanctl|process)[_:][a-z0-9_:]+/g)].map(
    ([name]) => name,
  );

describe("deploy/prometheus and deploy/grafana", () => {
  const folder = temporaryFolder();

  it("has rules and alerts that promtool accepts, and whose tests pass", function () {
    needsProgram(this, "promtool");
    promtool(RULES, "check", "config", "prometheus.yml");
    promtool(RULES, "test", "rules", "wanctl.tests.yml");
  });

  it("tests every alert", () => {
    const tests = read("wanctl.tests.yml");
    for (const [, name] of read("wanctl.alerts.yml").matchAll(/alert: (\S+)/g))
      expect(tests).to.match(
        new RegExp(`alertname: ${name}\\n *eval_time: .*\\n *exp_alerts:\\n`),
      );
  });

  it("asks for no name that there is not", () => {
    const texts = [
      ...readdirSync(RULES).map(read),
      readFileSync(DASHBOARD, "utf8"),
    ];
    for (const name of texts.flatMap(namesIn)) expect(KNOWN).to.include(name);
  });

  it("has a dashboard whose every query is one", function () {
    needsProgram(this, "promtool");
    const { panels } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const queries = panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) =>
        expr
          .replaceAll("$__rate_interval", "1m")
          .replaceAll('="$wan"', '=~"spectrum|att"'),
      ),
    );
    expect(queries.length).to.be.above(30);
    const rules = queries.map((expr, i) => ({ record: `panel:${i}`, expr }));
    const groups = [{ name: "panels", rules }];
    // JSON is YAML
    writeFileSync(join(folder.path, "panels.yml"), JSON.stringify({ groups }));
    promtool(folder.path, "check", "rules", "panels.yml");
  });
});

describe("A real Prometheus", () => {
  const folder = temporaryFolder();
  let children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children = [];
  });

  const start = (program: string, ...args: string[]) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    return child;
  };

  it("scrapes what the database has (DATA-05, API-01)", async function () {
    needsProgram(this, "prometheus");
    const [port, promPort] = [await freePort(), await freePort()];
    const database = join(folder.path, "m.db");
    const run = runFolder(join(folder.path, "run"));
    makeRunFolder(run);
    writeFileSync(
      join(folder.path, "recorder.yaml"),
      `storage: { db_path: ${database} }\nhttp: { listen: "127.0.0.1:${port}" }`,
    );
    start(
      process.execPath,
      RECORDER,
      join(folder.path, "recorder.yaml"),
      run.root,
    );
    // what comes before it serves is recorded, but not counted
    const health = () => fetch(`http://127.0.0.1:${port}/health`);
    while ((await health().catch(() => null)) === null) await sleep(20);
    writeFileSync(
      join(folder.path, "prometheus.yml"),
      read("prometheus.yml")
        .replaceAll("wanctl.", `${RULES}/wanctl.`)
        .replace("scrape_interval: 5s", "scrape_interval: 250ms")
        .replace("evaluation_interval: 15s", "evaluation_interval: 250ms")
        .replace(/#.*$/gm, "")
        .replace("9101", String(port)),
    );
    start(
      "prometheus",
      `--config.file=${join(folder.path, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder.path, "tsdb")}`,
      `--web.listen-address=127.0.0.1:${promPort}`,
      "--log.level=error",
    );

    await using publisher = await openPublisher("spectrum", BOOT, systemClock, {
      bind: run.wanFrames("spectrum"),
      connect: run.frames,
    });
    // a PUB says nothing before its first subscriber
    const heard = async () =>
      /^wanctl_cycles_total\{/m.test(
        await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
      );
    while (!(await heard())) {
      publisher.publish(cycle());
      await sleep(50);
    }
    for (let i = 1; i <= 120; i++) {
      publisher.publish(
        cycle({
          rttUs: i % 7 === 0 ? null : 20_000 + 997 * i,
          reading: i % 7 === 0 ? 2 : 0,
          lost: i % 3,
          deltaUs: 113 * i - 900,
          stateDownload: i % 4,
          wantedDownloadKbps: 100_000 - 37 * i,
          lateUs: 150 * i,
          loadUploadKbps: null,
        }),
      );
      if (i % 20 === 0 || i === 119) await sleep(50); // the last has its ms for itself
    }

    type Sample = { metric: Record<string, string>; value: [number, string] };
    const query = async (text: string): Promise<Sample[]> => {
      const answer = await fetch(
        `http://127.0.0.1:${promPort}/api/v1/query?query=${encodeURIComponent(text)}`,
      ).catch(() => null);
      if (answer?.ok !== true) return [];
      const { data } = (await answer.json()) as { data: { result: Sample[] } };
      return data.result;
    };
    const values = async (text: string) =>
      (await query(text)).map(({ value }) => Number(value[1]));
    for (;;) {
      const [stored] = readRows(
        database,
        "select count(*) as n, max(seq) as seq from cycle",
      );
      const [committed] = await values("wanctl_recorder_committed_total");
      const isAll = stored?.["seq"] === publisher.counts.published;
      if (isAll && committed === stored["n"]) break;
      await sleep(100);
    }

    const newest = readRows(
      database,
      `select metric_name as name, labels, value from metrics
         where granularity = 'raw' and timestamp_ms = (select max(at_ms) from cycle)`,
    );
    // what is null in the last cycle is absent in both
    expect(newest.length).to.be.within(10, 18);
    const told = (
      await query('last_over_time({__name__=~"wanctl_.*",job="wanctl"}[2m])')
    ).filter(({ metric }) =>
      newest.some(({ name }) => name === metric["__name__"]),
    );
    expect(told).to.have.length(newest.length);
    for (const { name, labels, value } of newest) {
      const { direction } = (
        labels === null ? {} : JSON.parse(labels as string)
      ) as { direction?: string };
      const match = told.find(
        ({ metric }) =>
          metric["__name__"] === name && metric["direction"] === direction,
      );
      expect(Number(match?.value[1]), name as string).to.equal(value);
      expect(match?.metric["wan"]).to.equal("spectrum");
    }

    for (const [text, sql] of [
      ["wanctl_cycles_total", "count(*)"],
      ["wanctl_lost_probes_total", "sum(lost)"],
      ['wanctl_readings_total{reading="lost"}', "sum(reading = 2)"],
      ["wanctl_rtt_seconds_count", "count(rtt_us)"],
      ['wanctl_rtt_seconds_bucket{le="0.1"}', "sum(rtt_us <= 100000)"],
      ["round(wanctl_rtt_seconds_sum * 1e6)", "sum(rtt_us)"],
      [
        'wanctl_state_cycles_total{direction="download",state="RED"}',
        "sum(state_download = 3)",
      ],
      ['wanctl_rate_cuts_total{direction="download",cause="unused"}', "120"],
      ['wanctl_cycle_late_seconds_bucket{le="0.005"}', "sum(late_us <= 5000)"],
    ] as const) {
      const [row] = readRows(database, `select ${sql} as n from cycle`);
      expect(await values(text), text).to.deep.equal([row?.["n"]]);
    }
    expect(await values('up{job="wanctl"}')).to.deep.equal([1]);

    // its own view of the rules: all loaded, and all make sense of what is scraped
    const rules = (await (
      await fetch(`http://127.0.0.1:${promPort}/api/v1/rules`)
    ).json()) as {
      data: { groups: { rules: { name: string; health: string }[] }[] };
    };
    const all = rules.data.groups.flatMap((group) => group.rules);
    expect(all.length).to.be.above(15);
    expect(all.filter(({ health }) => health !== "ok")).to.deep.equal([]);
  });
});
