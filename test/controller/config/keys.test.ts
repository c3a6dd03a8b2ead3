import {
  type ControllerConfig,
  loadControllerConfig,
} from "../../../controller/config/config.js";
import { CONTROLLER_SCHEMA } from "../../../controller/config/schema.js";
import { fpingArguments } from "../../../controller/probes/fping/fping.js";
import { parseHostDevice } from "../../../controller/qdisc/parse.js";
import { planUp } from "../../../controller/qdisc/plan.js";
import {
  type Direction,
  DIRECTIONS,
} from "../../../shared/contract/direction.js";
import {
  itObeysEveryKey,
  type KeyRow,
  type Tree,
} from "../../fakes/key-rows.js";

type Row = KeyRow<ControllerConfig>;
type Seen = Row["seen"];

const RATES = { floor_mbps: 10, base_mbps: 20, ceiling_mbps: 30 };
const LINE: Tree = {
  wan: "cable",
  probe: { reflectors: ["10.0.0.1", "10.0.0.2"] },
  download: RATES,
  upload: RATES,
};
const TC: Tree = {
  ...LINE,
  shaper: { download_device: "ifb0", upload_device: "wan0", link: "docsis" },
};
const SIMULATED: Tree = { ...LINE, shaper: { backend: "simulated" } };
const ROUTER = {
  ...{ backend: "routeros", host: "10.0.0.9", user: "wanctl" },
  ...{ download_queue: "down", upload_queue: "up" },
  ...{ ssh_key_file: "/key", known_hosts_file: "/hosts" },
};
const NO_SECRET: Tree = { ...LINE, shaper: ROUTER };
const REST: Tree = { ...LINE, shaper: { ...ROUTER, password_file: "/secret" } };
const SSH: Tree = { ...LINE, shaper: { ...ROUTER, transport: "ssh" } };
const CLEAR: Tree = {
  ...LINE,
  shaper: { ...ROUTER, password_file: "/secret", scheme: "http" },
};
const CLEAR_HERE: Tree = {
  ...LINE,
  shaper: { ...ROUTER, password_file: "/secret", host: "127.0.0.1" },
};

const row = (tree: Tree, value: unknown, seen: Seen, makes: unknown): Row => ({
  in: tree,
  value,
  seen,
  makes,
});

/** The words after a flag in the command that pings. */
const pinged =
  (flag: string): Seen =>
  ({ probe }) => {
    const words = fpingArguments(probe);
    const at = words.indexOf(flag);
    return at < 0 ? null : words[at + 1];
  };

const WAN = parseHostDevice({
  link: JSON.stringify([{ ifname: "wan0", flags: ["UP"] }]),
  ...{ qdiscs: "[]", classes: "", filters: "", features: "" },
});

/** Whether the commands that make the queues say these words, of each direction. */
const queued =
  (words: string): Seen =>
  ({ shaper, policy: { limits } }) => {
    if (shaper.backend !== "tc") return null;
    const { devices, queue } = shaper;
    const plan = planUp(
      { devices, queue, limits },
      {
        has: { cake: true, matchall: true },
        masquerades: false,
        ...{ feeders: [], unread: [] },
        devices: { upload: WAN, download: null },
      },
      true,
    );
    const said = plan.kind === "steps" ? plan.steps.map(({ run }) => run) : [];
    return DIRECTIONS.filter((direction) =>
      said.some(
        (run) =>
          run.includes(`dev ${devices[direction]} root`) &&
          ` ${run} `.includes(` ${words} `),
      ),
    );
  };

const router =
  (pick: (of: NonNullable<ReturnType<typeof routerOf>>) => unknown): Seen =>
  (config) => {
    const of = routerOf(config);
    return of === null ? null : pick(of);
  };
const routerOf = ({ shaper }: ControllerConfig) =>
  shaper.backend === "routeros" ? shaper.router : null;
const way = (name: string): Seen =>
  router(({ ways: [first] }) => (first as unknown as Tree)[name]);

const limit =
  (
    direction: Direction,
    name: keyof ControllerConfig["policy"]["limits"]["upload"],
  ): Seen =>
  ({ policy }) =>
    policy.limits[direction][name];
const backend: Seen = ({ shaper }) => shaper.backend;
const BOTH = [...DIRECTIONS];

const ratesOf = (direction: Direction): Readonly<Record<string, Row>> => ({
  [`${direction}.floor_mbps`]: row(TC, 11, limit(direction, "floorBps"), 11e6),
  [`${direction}.base_mbps`]: row(TC, 21, limit(direction, "baseBps"), 21e6),
  [`${direction}.ceiling_mbps`]: row(
    TC,
    31,
    limit(direction, "ceilingBps"),
    31e6,
  ),
  [`${direction}.target_bloat_ms`]: row(
    TC,
    12,
    limit(direction, "targetMs"),
    12,
  ),
  [`${direction}.warn_bloat_ms`]: row(TC, 42, limit(direction, "warnMs"), 42),
});

/** What each key changes. A new key needs a row: a key without an effect is a lie to whoever sets it. */
const ROWS: Readonly<Record<string, Row>> = {
  wan: row(
    TC,
    "att",
    ({ checkpointFile }) => checkpointFile,
    "/var/lib/wanctl/att.json",
  ),
  preset: row(TC, "lte", limit("upload", "targetMs"), 30),
  "probe.reflectors": row(
    TC,
    ["10.0.0.3"],
    ({ probe }) => fpingArguments(probe).at(-1),
    "10.0.0.3",
  ),
  "probe.spacing_ms": row(TC, 100, pinged("-i"), "100"),
  "probe.budget_kbps": row(
    TC,
    16,
    ({ probeBudgetBps }) => probeBudgetBps,
    16_000,
  ),
  "probe.loss_ms": row(TC, 500, ({ probe }) => probe.lossMs, 500),
  "probe.source": row(TC, "10.0.0.8", pinged("-S"), "10.0.0.8"),
  "probe.interface": row(TC, "wan0", pinged("-I"), "wan0"),
  "probe.method": row(TC, "echo", ({ probe }) => probe.method, "echo"),
  "probe.fallback": row(TC, "off", ({ fallback }) => fallback, null),
  "probe.fallback_port": row(TC, 853, ({ fallback }) => fallback?.port, 853),
  "probe.idle_after_s": row(TC, 0, ({ idleAfterMs }) => idleAfterMs, null),
  "shaper.backend": row(TC, "simulated", backend, "simulated"),
  "shaper.on_foreign": row(
    TC,
    "respect",
    ({ shaper }) => (shaper.backend === "tc" ? shaper.onForeign : null),
    "respect",
  ),
  "shaper.download_device": row(
    TC,
    "ifb7",
    ({ shaper }) => shaper.backend === "tc" && shaper.devices.download,
    "ifb7",
  ),
  "shaper.upload_device": row(
    TC,
    "wan7",
    ({ shaper }) => shaper.backend === "tc" && shaper.devices.upload,
    "wan7",
  ),
  "shaper.link": row(TC, "ethernet", queued("noatm overhead 38 mpu 84"), BOTH),
  "shaper.overhead_bytes": row(TC, 22, queued("overhead 22 mpu 64"), BOTH),
  "shaper.mpu_bytes": row(TC, 70, queued("overhead 18 mpu 70"), BOTH),
  "shaper.rtt_ms": row(TC, 40, queued("rtt 40ms"), BOTH),
  "shaper.nat": row(TC, false, queued("nonat"), BOTH),
  "shaper.wash": row(TC, false, queued("wash"), []),
  "shaper.ack_filter": row(TC, true, queued("ack-filter"), ["upload"]),
  "shaper.diffserv": row(TC, "diffserv4", queued("diffserv4"), BOTH),
  "shaper.host": row(
    REST,
    "10.0.0.7",
    router(({ host }) => host),
    "10.0.0.7",
  ),
  "shaper.port": row(REST, 8443, way("port"), 8443),
  "shaper.scheme": row(CLEAR_HERE, "http", way("port"), 80),
  "shaper.allow_plaintext": row(CLEAR, true, way("isPlain"), true),
  "shaper.transport": row(REST, "ssh", way("transport"), "ssh"),
  "shaper.user": row(
    REST,
    "admin",
    router(({ user }) => user),
    "admin",
  ),
  "shaper.queue": row(
    REST,
    "simple",
    router(({ queues }) => queues.kind),
    "simple",
  ),
  "shaper.download_queue": row(
    REST,
    "dn",
    router(({ queues }) => queues.names.download),
    "dn",
  ),
  "shaper.upload_queue": row(
    REST,
    "u",
    router(({ queues }) => queues.names.upload),
    "u",
  ),
  "shaper.wan_interface": row(
    REST,
    "ether1",
    router(({ wanInterface }) => wanInterface),
    "ether1",
  ),
  "shaper.password_file": row(REST, "/other", way("secret"), {
    kind: "file",
    path: "/other",
  }),
  "shaper.password_env": row(NO_SECRET, "PASSWORD", way("secret"), {
    kind: "environment",
    name: "PASSWORD",
  }),
  "shaper.credential": row(NO_SECRET, "router", way("secret"), {
    kind: "credential",
    name: "router",
  }),
  "shaper.tls.ca_file": row(REST, "/ca.pem", way("caFile"), "/ca.pem"),
  "shaper.tls.fingerprint_sha256": row(
    REST,
    "AB".repeat(32),
    way("fingerprint"),
    "ab".repeat(32),
  ),
  "shaper.ssh_port": row(SSH, 2222, way("port"), 2222),
  "shaper.ssh_key_file": row(SSH, "/k", way("keyFile"), "/k"),
  "shaper.known_hosts_file": row(SSH, "/h", way("knownHostsFile"), "/h"),
  "simulation.line": row(
    SIMULATED,
    "vdsl",
    ({ shaper }) => shaper.backend === "simulated" && shaper.line,
    "vdsl",
  ),
  "simulation.seed": row(
    SIMULATED,
    9,
    ({ shaper }) => shaper.backend === "simulated" && shaper.seed,
    9,
  ),
  ...ratesOf("download"),
  ...ratesOf("upload"),
  "download.hard_red_bloat_ms": row(TC, 70, limit("download", "hardRedMs"), 70),
  "thresholds.target_bloat_ms": row(TC, 9, limit("download", "targetMs"), 9),
  "thresholds.warn_bloat_ms": row(TC, 40, limit("upload", "warnMs"), 40),
  "thresholds.hard_red_bloat_ms": row(
    TC,
    90,
    limit("download", "hardRedMs"),
    90,
  ),
  on_stop: row(TC, "leave", ({ onStop }) => onStop, "leave"),
  state_dir: row(
    TC,
    "/tmp",
    ({ checkpointFile }) => checkpointFile,
    "/tmp/cable.json",
  ),
  "bus.replay_minutes": row(TC, 5, ({ replay }) => replay.minutes, 5),
  "bus.replay_mb": row(TC, 4, ({ replay }) => replay.megabytes, 4),
  "log.format": row(TC, "json", ({ logFormat }) => logFormat, "json"),
};

describe("a controller's file", () => {
  itObeysEveryKey(
    CONTROLLER_SCHEMA,
    (file) => loadControllerConfig(file).values,
    ROWS,
  );
});
