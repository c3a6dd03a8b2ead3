import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { stringify } from "yaml";
import { openOldFile } from "../../../cli/migrate/old-file.js";
import { keyMapping } from "../../../cli/migrate/old-keys.js";
import { wanFile } from "../../../cli/migrate/wan-file.js";
import { loadControllerConfig } from "../../../controller/config/config.js";
import { loadRecorderConfig } from "../../../recorder/config.js";
import { temporaryFolder } from "../../recorder/temporary.js";
import { wanctl, widest } from "../bin.js";

/** A file of the Python wanctl with every key that it had. */
const OLD = `
schema_version: "1.0"
wan_name: Spectrum_1
router:
  host: 10.10.99.1
  user: admin
  ssh_key: /etc/wanctl/ssh/router.key
  transport: rest
  password: hunter2
  port: 443
  verify_ssl: false
queues: { download: WAN-Download-Spectrum, upload: WAN-Upload-Spectrum }
continuous_monitoring:
  enabled: true
  baseline_rtt_initial: 24
  download:
    floor_green_mbps: 550
    floor_yellow_mbps: 350
    floor_soft_red_mbps: 275
    floor_red_mbps: 200
    ceiling_mbps: 940
    step_up_mbps: 10
    factor_down: 0.85
    factor_down_yellow: 0.96
    green_required: 5
  upload:
    { floor_mbps: 8, ceiling_mbps: 38, step_up_mbps: 1, factor_down: 0.9, target_bloat_ms: 42, warn_bloat_ms: 105,
      consecutive_yellow_decay_clamp: 40, docsis_mode: true, setpoint_mbps: 12, integral_window_seconds: 2,
      integral_threshold_ms_s: 30, red_decay_step_pct: 0.02, red_decay_delta_max_pct: 0.1, anti_windup_cycles: 60,
      cake_backlog_low_threshold_bytes: 5000, cake_delay_delta_low_threshold_us: 5000 }
  cake_stats_cadence_sec: 1
  thresholds:
    target_bloat_ms: 12
    warn_bloat_ms: 45
    hard_red_bloat_ms: 80
    baseline_time_constant_sec: 50
    load_time_constant_sec: 0.1
    alpha_baseline: 0.0005
    alpha_load: 0.005
    accel_threshold_ms: 12
    baseline_update_threshold_ms: 3
    baseline_rtt_bounds: { min: 10, max: 60 }
  ping_hosts: ["1.1.1.1", "8.8.8.8", "9.9.9.9"]
  use_median_of_three: true
  fallback_checks:
    enabled: true
    check_gateway: true
    check_tcp: true
    gateway_ip: 10.10.110.1
    tcp_targets: [["1.1.1.1", 443]]
    fallback_mode: graceful_degradation
    max_fallback_cycles: 3
timeouts: { ssh_command: 15, ping: 1 }
lock_file: /run/wanctl/spectrum.lock
lock_timeout: 300
state_file: /var/lib/wanctl/spectrum_state.json
logging: { main_log: /var/log/a.log, debug_log: /var/log/b.log, max_bytes: 10, backup_count: 3 }
health_check: { enabled: true, host: 127.0.0.1, port: 9101 }
metrics: { enabled: false, host: 127.0.0.1, port: 9100 }
storage:
  retention_days: 14
  db_path: /var/lib/wanctl/metrics.db
  maintenance_interval_seconds: 900
  retention: { raw_age_seconds: 900, aggregate_1m_age_seconds: 86400 }
ping_source_ip: 10.10.110.226
cake_params: { upload_interface: eth0, download_interface: eth1, overhead: docsis, mpu: 64, memlimit: 64mb, rtt: 25ms, ingress: false, diffserv: besteffort, allow_wash: true, ack_filter: false }
cake_signal: { enabled: true }
signal_processing: { hampel: { window_size: 7 }, jitter_time_constant_sec: 2 }
irtt: { enabled: false, server: example.net }
fusion: { enabled: false, healing: { grace_period_sec: 1800 } }
reflector_quality: { min_score: 0.8 }
owd_asymmetry: { ratio_threshold: 2 }
measurement: { backend: icmp, fping: { count: 5 } }
alerting: { enabled: false, rules: {} }
tuning: { enabled: false }
`;

const STEERING = "topology: { primary_wan: spectrum }";

describe("wanctl migrate config", () => {
  const folder = temporaryFolder();
  const fileOf = (text: string, name = "old.yaml") => {
    const file = join(folder.path, name);
    writeFileSync(file, text);
    return file;
  };
  const migrated = (text: string) => {
    const made = wanFile(openOldFile(fileOf(text)));
    return loadControllerConfig(fileOf(made.text, "new.yaml")).values;
  };
  const rest = (password: string, more = "") =>
    OLD.replace("password: hunter2", `password: "${password}"\n${more}`);

  it("knows what becomes of every key there was", () => {
    const old = openOldFile(fileOf(OLD));
    const unknown = old.keys.filter(({ key }) => keyMapping(key, old) === null);
    expect(unknown).to.deep.equal([]);
  });

  it("says so of a key that nobody knows", () =>
    expect(
      keyMapping("continuous_monitoring.zebra", openOldFile(fileOf(OLD))),
    ).to.equal(null));

  for (const transport of ["rest", "ssh", "linux-cake", "linux-cake-netlink"])
    for (const password of ["hunter2", "${ROUTER_PASSWORD}"])
      for (const overhead of ["docsis", "raw"])
        it(`names only keys that stand in what it made: ${transport}, ${password}, ${overhead}`, () => {
          const text = OLD.replace("transport: rest", `transport: ${transport}`)
            .replace("hunter2", password)
            .replace("overhead: docsis", `overhead: ${overhead}`);
          const old = openOldFile(fileOf(text));
          const made = openOldFile(fileOf(wanFile(old).text, "new.yaml"));
          for (const { key } of old.keys) {
            const fate = keyMapping(key, old)!;
            if ("to" in fate && !fate.to.endsWith("in recorder.yaml"))
              expect(made.has(fate.to), `${key} -> ${fate.to}`).to.equal(true);
          }
        });

  it("takes over what CAKE was told, and what it did without", () => {
    const { shaper } = migrated(
      OLD.replace("transport: rest", "transport: linux-cake"),
    );
    expect(shaper.backend === "tc" && shaper.queue).to.deep.include({
      ...{ link: "docsis", mpuBytes: 64, rttMs: 25, diffserv: "besteffort" },
      ...{ ackFilter: false, wash: true, nat: false },
    });
    const untold = migrated(
      OLD.replace("transport: rest", "transport: linux-cake").replace(
        /cake_params: .*/,
        "",
      ),
    ).shaper;
    expect(untold.backend === "tc" && untold.queue).to.deep.include({
      ...{ link: "raw", diffserv: "diffserv4", ackFilter: true, wash: false },
    });
  });

  it("makes a file that is valid and means the same", () => {
    const { wan, probe, policy, shaper } = migrated(OLD);
    expect(wan).to.equal("spectrum-1");
    expect(probe).to.include({ source: "10.10.110.226" });
    expect(probe.reflectors).to.deep.equal(["1.1.1.1", "8.8.8.8", "9.9.9.9"]);
    expect(policy.limits).to.deep.equal({
      download: {
        ...{ floorBps: 200e6, baseBps: 550e6, ceilingBps: 940e6 },
        ...{ targetMs: 12, warnMs: 45, hardRedMs: 80 },
      },
      upload: {
        ...{ floorBps: 8e6, baseBps: 30.4e6, ceilingBps: 38e6 },
        ...{ targetMs: 42, warnMs: 105, hardRedMs: Infinity },
      },
    });
    expect(shaper).to.deep.include({ backend: "routeros" });
  });

  it("never puts a password into a file or on the screen", async () => {
    const { out, err } = await wanctl("migrate", "config", fileOf(OLD));
    expect(out + err).not.to.include("hunter2");
    expect(out).to.include("password_file: /etc/wanctl/router.password");
  });

  it("takes the variable that held the password", () => {
    const { shaper } = migrated(rest("\${ROUTER_PASSWORD}"));
    expect(
      shaper.backend === "routeros" && shaper.router.ways[0],
    ).to.deep.include({
      secret: { kind: "environment", name: "ROUTER_PASSWORD" },
    });
  });

  it("speaks TLS where the password went in clear, and says so", () => {
    const text = OLD.replace("port: 443", "port: 80");
    const made = wanFile(openOldFile(fileOf(text))).text;
    expect(made).to.include("Port 80 was plain HTTP");
    const { shaper } = migrated(text);
    expect(
      shaper.backend === "routeros" && shaper.router.ways[0],
    ).to.deep.include({ port: 443, isPlain: false });
  });

  it("asks for the host key where it speaks SSH", () => {
    const { shaper } = migrated(
      OLD.replace("transport: rest", "transport: ssh"),
    );
    expect(
      shaper.backend === "routeros" && shaper.router.ways[0],
    ).to.deep.include({
      keyFile: "/etc/wanctl/ssh/router.key",
      knownHostsFile: "/etc/wanctl/router.known_hosts",
    });
  });

  it("steers this host's queues where CAKE was its own", () => {
    const { shaper } = migrated(
      OLD.replace("transport: rest", "transport: linux-cake"),
    );
    expect(shaper.backend === "tc" && shaper.devices).to.deep.equal({
      download: "eth1",
      upload: "eth0",
    });
  });

  it("makes a valid file of any valid one", () => {
    const mbps = (min: number, max: number) =>
      fc.double({ min, max, noNaN: true }).map((n) => Math.round(n * 10) / 10);
    const rates = fc
      .tuple(
        fc.array(mbps(1, 1000), { minLength: 1, maxLength: 4 }),
        mbps(1, 9000),
        fc.boolean(),
      )
      .map(([all, above, single]) => {
        const [red, soft_red = red, yellow = soft_red, green = yellow] =
          all.sort((a, b) => a - b);
        const floors = single
          ? { floor_mbps: red }
          : {
              floor_red_mbps: red,
              floor_soft_red_mbps: soft_red,
              floor_yellow_mbps: yellow,
              floor_green_mbps: green,
            };
        return {
          ...floors,
          ceiling_mbps: Math.round((green! + above) * 10) / 10,
        };
      });
    const old = fc.record({
      wan_name: fc
        .stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/)
        .filter(
          (name) =>
            name.toLowerCase() !== "recorder" &&
            name.toLowerCase() !== "steering",
        ),
      router: fc.record({
        host: fc.constantFrom("10.0.0.1", "router.lan"),
        user: fc.constantFrom("admin", "12", "yes"),
        ssh_key: fc.constant("/k"),
        transport: fc.constantFrom("rest", "ssh", "linux-cake"),
      }),
      queues: fc.constant({
        download: "WAN-Download: 1",
        upload: "WAN-Upload",
      }),
      continuous_monitoring: fc.record({
        download: rates,
        upload: rates,
        thresholds: fc.constantFrom(
          ...[
            { target_bloat_ms: 3, warn_bloat_ms: 10 },
            { target_bloat_ms: 15, warn_bloat_ms: 45, hard_red_bloat_ms: 80 },
          ],
        ),
        ping_hosts: fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 5 }),
      }),
    });
    fc.assert(
      fc.property(old, (tree) => {
        const { upload, download } = migrated(stringify(tree)).policy.limits;
        const { continuous_monitoring: was } = tree;
        expect(download.ceilingBps / 1e6).to.be.closeTo(
          was.download.ceiling_mbps,
          1e-3,
        );
        expect(upload.baseBps).to.be.within(upload.floorBps, upload.ceilingBps);
      }),
    );
  });

  it("writes files, and never over one that is there", async () => {
    const to = join(folder.path, "etc/wanctl");
    const steering = fileOf(STEERING, "steering.yaml");
    const first = await wanctl(
      ...["migrate", "config", fileOf(OLD), steering, "--to", to],
    );
    expect(first.code).to.equal(0);
    expect(first.err).to.include("does not support yet: ignored");
    expect(first.out).to.equal("");
    expect(readdirSync(to)).to.deep.equal(["recorder.yaml", "spectrum-1.yaml"]);
    expect(
      widest(
        first.err
          .split("\n")
          .filter((line) => !line.includes("/"))
          .join("\n"),
      ),
    ).to.be.at.most(80);
    expect(first.err).to.match(
      /^ +\d+ {2}continuous_monitoring\.enabled {2}dropped: had no effect$/m,
    );
    expect(
      loadRecorderConfig(join(to, "recorder.yaml")).values.policy.keep["5m"],
    ).to.equal(14 * 24 * 3_600_000);
    expect((await wanctl("check", to)).code).to.equal(0);

    const before = readFileSync(join(to, "spectrum-1.yaml"), "utf8");
    writeFileSync(join(to, "spectrum-1.yaml"), `${before}# mine\n`);
    const second = await wanctl("migrate", "config", fileOf(OLD), "--to", to);
    expect(second.code).to.equal(1);
    expect(second.err).to.match(
      /^wanctl: Cannot write '.*spectrum-1\.yaml': it exists already\n$/,
    );
    expect(readFileSync(join(to, "spectrum-1.yaml"), "utf8")).to.include(
      "# mine",
    );
  });

  for (const [what, text, says] of [
    [
      "a missing name",
      OLD.replace(/wan_name.*/, ""),
      "old.yaml 'wan_name': is required",
    ],
    [
      "a rate that is no number",
      OLD.replace("ceiling_mbps: 940", "ceiling_mbps: fast"),
      "'continuous_monitoring.download.ceiling_mbps': must be a number: got \"fast\"",
    ],
    ["a steering file", STEERING, "it is about steering"],
  ] as const)
    it(`says what is wrong with ${what}, and makes nothing`, async () => {
      const to = join(folder.path, "none");
      const { code, out, err } = await wanctl(
        "migrate",
        "config",
        fileOf(text),
        "--to",
        to,
      );
      expect(code).to.equal(1);
      expect(err).to.include(says).and.not.include("hunter2");
      expect(out).to.equal("");
      expect(existsSync(to)).to.equal(false);
    });
});
