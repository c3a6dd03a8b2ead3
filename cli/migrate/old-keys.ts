import type { OldFile } from "./old-file.js";
import {
  hasLink,
  isOfThisHost,
  isOverSsh,
  passwordVariable,
} from "./wan-file.js";

/** The new key for a key of the Python version, or why there is none. */
type Fate = { readonly to: string } | { readonly because: string };

/** The same, depending on other keys of the file. */
type FateIn = Fate | ((old: OldFile) => Fate);

const to = (key: string): Fate => ({ to: key });
const dropped = (because: string): Fate => ({ because });

const RATE_LAW =
  "the rate follows the measured throughput, without fixed steps";
const ONE_FLOOR = "there is one floor for all states: the lowest";
const ESTIMATOR = "the baseline is learned, smoothing is not configurable";
const ONE_SIGNAL = "there is one measurement: ICMP, to all reflectors";
const LOSS =
  "lost answers, a lost line and a lost router are told apart without further checks";
const JOURNAL = "logs go to the journal";
const DEADLINES = "no cycle waits for a router or an answer";
const RECORDERS =
  "health is on a socket, the recorder's health and metrics at http.listen";
const KEEP =
  "derived from retention_days; fine-grained data is kept longer than before";
const NO_TUNING = "there is no automatic tuning";
const LOCK = "locks need no file";
const CAKE_STATISTICS = "CAKE's statistics are not used for control";

const ofRouter =
  (fate: FateIn): FateIn =>
  (old) =>
    isOfThisHost(old)
      ? dropped("the queues are on this host: there is no router")
      : typeof fate === "function"
        ? fate(old)
        : fate;

const ofThisHost =
  (key: string) =>
  (old: OldFile): Fate =>
    isOfThisHost(old)
      ? to(key)
      : dropped(
          "set by the router's queue types, which wanctl does not change",
        );

const way = (direction: "download" | "upload"): [string, Fate][] => [
  ...[`ceiling_mbps`].map((key): [string, Fate] => [
    `continuous_monitoring.${direction}.${key}`,
    to(`${direction}.${key}`),
  ]),
  ...["floor_mbps", "floor_red_mbps"].map((key): [string, Fate] => [
    `continuous_monitoring.${direction}.${key}`,
    to(`${direction}.floor_mbps`),
  ]),
  [
    `continuous_monitoring.${direction}.floor_green_mbps`,
    to(`${direction}.base_mbps`),
  ],
  ...["floor_yellow_mbps", "floor_soft_red_mbps"].map((key): [string, Fate] => [
    `continuous_monitoring.${direction}.${key}`,
    dropped(ONE_FLOOR),
  ]),
  ...[
    "step_up_mbps",
    "factor_down",
    "factor_down_yellow",
    "green_required",
    "consecutive_yellow_decay_clamp",
    "docsis_mode",
    "setpoint_mbps",
    "integral_window_seconds",
    "integral_threshold_ms_s",
    "red_decay_step_pct",
    "red_decay_delta_max_pct",
    "anti_windup_cycles",
  ].map((key): [string, Fate] => [
    `continuous_monitoring.${direction}.${key}`,
    dropped(RATE_LAW),
  ]),
  ...[
    "cake_backlog_low_threshold_bytes",
    "cake_delay_delta_low_threshold_us",
  ].map((key): [string, Fate] => [
    `continuous_monitoring.${direction}.${key}`,
    dropped(CAKE_STATISTICS),
  ]),
  ...["target_bloat_ms", "warn_bloat_ms"].map((key): [string, Fate] => [
    `continuous_monitoring.${direction}.${key}`,
    to(`${direction}.${key}`),
  ]),
];

const THRESHOLDS = "continuous_monitoring.thresholds";

/** By key; a name that ends in a dot stands for all keys of its group without a line of their own. */
const FATES: ReadonlyMap<string, FateIn> = new Map<string, FateIn>([
  ["schema_version", dropped("files have no version")],
  ["wan_name", to("wan")],
  ["router.host", ofRouter(to("shaper.host"))],
  ["router.user", ofRouter(to("shaper.user"))],
  [
    "router.transport",
    (old) => to(isOfThisHost(old) ? "shaper.backend" : "shaper.transport"),
  ],
  [
    "router.ssh_key",
    ofRouter((old) =>
      isOverSsh(old)
        ? to("shaper.ssh_key_file")
        : dropped("REST uses a password"),
    ),
  ],
  [
    "router.password",
    ofRouter((old) =>
      isOverSsh(old)
        ? dropped("SSH uses a key")
        : to(
            passwordVariable(old) === null
              ? "shaper.password_file"
              : "shaper.password_env",
          ),
    ),
  ],
  [
    "router.port",
    ofRouter(dropped("REST uses TLS on port 443; for another see shaper.port")),
  ],
  [
    "router.verify_ssl",
    ofRouter(
      dropped(
        "the certificate is always verified; pin it with shaper.tls.fingerprint_sha256",
      ),
    ),
  ],
  ["queues.download", ofRouter(to("shaper.download_queue"))],
  ["queues.upload", ofRouter(to("shaper.upload_queue"))],
  ["cake_params.download_interface", ofThisHost("shaper.download_device")],
  ["cake_params.upload_interface", ofThisHost("shaper.upload_device")],
  ["cake_params.overhead", ofThisHost("shaper.link")],
  [
    "cake_params.mpu",
    (old) =>
      isOfThisHost(old) && !hasLink(old)
        ? dropped("needs a shaper.link other than raw")
        : ofThisHost("shaper.mpu_bytes")(old),
  ],
  ["cake_params.rtt", ofThisHost("shaper.rtt_ms")],
  ["cake_params.diffserv", ofThisHost("shaper.diffserv")],
  ["cake_params.ack_filter", ofThisHost("shaper.ack_filter")],
  ["cake_params.allow_wash", ofThisHost("shaper.wash")],
  ["cake_params.wash", ofThisHost("shaper.wash")],
  ["cake_params.nat", ofThisHost("shaper.nat")],
  ["cake_params.memlimit", dropped("CAKE determines how much it needs")],
  [
    "cake_params.",
    dropped("wanctl qdisc sets what CAKE needs in each direction"),
  ],
  ["continuous_monitoring.enabled", dropped("had no effect")],
  ["continuous_monitoring.cake_stats_cadence_sec", dropped(CAKE_STATISTICS)],
  ["continuous_monitoring.baseline_rtt_initial", dropped(ESTIMATOR)],
  ...way("download"),
  ...way("upload"),
  [`${THRESHOLDS}.target_bloat_ms`, to("thresholds.target_bloat_ms")],
  [`${THRESHOLDS}.warn_bloat_ms`, to("thresholds.warn_bloat_ms")],
  [`${THRESHOLDS}.hard_red_bloat_ms`, to("thresholds.hard_red_bloat_ms")],
  [`${THRESHOLDS}.`, dropped(ESTIMATOR)],
  ["continuous_monitoring.ping_hosts", to("probe.reflectors")],
  [
    "continuous_monitoring.use_median_of_three",
    dropped("it is always the median of the reflectors"),
  ],
  ["continuous_monitoring.fallback_checks.", dropped(LOSS)],
  ["ping_source_ip", to("probe.source")],
  ["continuous_monitoring.ping_source_ip", to("probe.source")],
  ["timeouts.", dropped(DEADLINES)],
  ["lock_file", dropped(LOCK)],
  ["lock_timeout", dropped(LOCK)],
  ["state_file", dropped("learned values are in state_dir, /var/lib/wanctl")],
  ["logging.", dropped(JOURNAL)],
  ["health_check.", dropped(RECORDERS)],
  ["metrics.", dropped(RECORDERS)],
  ["storage.retention_days", to("storage.retention_days in recorder.yaml")],
  [
    "storage.db_path",
    dropped(
      "the new recorder uses its own file: wanctl migrate history imports the old one",
    ),
  ],
  ["storage.retention.", dropped(KEEP)],
  [
    "storage.maintenance_interval_seconds",
    dropped("the recorder does maintenance all the time, in slices"),
  ],
  ["signal_processing.", dropped(ESTIMATOR)],
  ["cake_signal.", dropped(ONE_SIGNAL)],
  ["irtt.", dropped(ONE_SIGNAL)],
  ["fusion.", dropped(ONE_SIGNAL)],
  [
    "owd_asymmetry.",
    dropped(
      "one-way delays come from ICMP timestamps if reflectors answer them",
    ),
  ],
  ["measurement.", dropped("the probe type is detected; see probe.method")],
  [
    "reflector_quality.",
    dropped("reflectors with loss or jitter are replaced automatically"),
  ],
  [
    "alerting.",
    dropped("alerts are in Prometheus: deploy/prometheus/wanctl.alerts.yml"),
  ],
  ["tuning.", dropped(NO_TUNING)],
]);

/** The mapping of a key of the old file; null if it is unknown. */
export function keyMapping(key: string, old: OldFile): Fate | null {
  const fate = fateIn(key);
  return typeof fate === "function" ? fate(old) : fate;
}

function fateIn(key: string): FateIn | null {
  const own = FATES.get(key);
  if (own !== undefined) return own;
  const path = key.split(".");
  for (let depth = path.length - 1; depth > 0; depth--) {
    const group = FATES.get(`${path.slice(0, depth).join(".")}.`);
    if (group !== undefined) return group;
  }
  return FATES.get(`${key}.`) ?? null;
}
