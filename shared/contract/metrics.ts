import { type Direction, DIRECTIONS } from "./direction.js";
import { CALL_OUTCOMES, TRANSPORTS } from "./router-call.js";
import type { RowField } from "./row.js";
import { CONDITIONS } from "./state.js";

/**
 * All metrics: one name, unit and help text for the database, the API, Prometheus and the tap.
 * A `cycle` metric is a field of the cycle row times `factor`. A `sample` metric is published by itself, on change and
 * once a minute. A `counter` is a sample that only grows until its publisher restarts, one per combination of labels.
 */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly from:
    | {
        readonly kind: "cycle";
        readonly field: RowField;
        readonly factor: number;
      }
    | { readonly kind: "sample" }
    | {
        readonly kind: "counter";
        readonly labels: Readonly<Record<string, readonly string[]>>;
      };
}

const cycle = (
  name: string,
  unit: string,
  field: RowField,
  factor: number,
  help: string,
): Metric => ({
  name,
  unit,
  help,
  labels: {},
  from: { kind: "cycle", field, factor },
});

const capital = { download: "Download", upload: "Upload" } as const;

const perDirection = (
  make: (direction: Direction, name: "Download" | "Upload") => Metric,
): Metric[] =>
  DIRECTIONS.map((direction) => make(direction, capital[direction]));

const labelled = (metric: Metric, direction: Direction): Metric => ({
  ...metric,
  labels: { direction },
});

export const METRICS: readonly Metric[] = [
  cycle(
    "wanctl_rtt_ms",
    "ms",
    "rttUs",
    1e-3,
    "Round-trip time, median over the reflectors that answered",
  ),
  cycle(
    "wanctl_rtt_baseline_ms",
    "ms",
    "baselineUs",
    1e-3,
    "Round-trip time of the idle path",
  ),
  cycle(
    "wanctl_rtt_load_ms",
    "ms",
    "loadRttUs",
    1e-3,
    "Smoothed round-trip time",
  ),
  cycle(
    "wanctl_rtt_delta_ms",
    "ms",
    "deltaUs",
    1e-3,
    "Smoothed round-trip time minus baseline",
  ),
  ...perDirection((d, D) =>
    cycle(
      `wanctl_rate_${d}_mbps`,
      "Mbit/s",
      `enforced${D}Kbps`,
      1e-3,
      `Shaper rate the router enforces, ${d}`,
    ),
  ),
  ...perDirection((d, D) =>
    cycle(
      `wanctl_rate_wanted_${d}_mbps`,
      "Mbit/s",
      `wanted${D}Kbps`,
      1e-3,
      `Shaper rate the controller desires, ${d}`,
    ),
  ),
  ...perDirection((d, D) =>
    cycle(
      `wanctl_load_${d}_mbps`,
      "Mbit/s",
      `load${D}Kbps`,
      1e-3,
      `Traffic on the line, ${d}`,
    ),
  ),
  ...perDirection((d, D) =>
    labelled(
      cycle(
        "wanctl_state",
        "code",
        `state${D}`,
        1,
        "Congestion: 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED",
      ),
      d,
    ),
  ),
  ...perDirection((d, D) =>
    labelled(
      cycle(
        "wanctl_rtt_target_ms",
        "ms",
        `target${D}Us`,
        1e-3,
        "Effective target for the delta",
      ),
      d,
    ),
  ),
  cycle(
    "wanctl_probes_lost",
    "count",
    "lost",
    1,
    "Probes that passed their deadline in the cycle",
  ),
  cycle(
    "wanctl_cycle_late_ms",
    "ms",
    "lateUs",
    1e-3,
    "Delay of the start of the cycle",
  ),
  cycle(
    "wanctl_cycle_missed",
    "count",
    "missed",
    1,
    "Cycles skipped before this one",
  ),
  cycle(
    "wanctl_publish_ms",
    "ms",
    "publishUs",
    1e-3,
    "Time to build and send a frame",
  ),
  {
    name: "wanctl_condition",
    unit: "code",
    help: `Condition of the line: ${CONDITIONS.map((name, code) => `${code} ${name}`).join(", ")}`,
    labels: {},
    from: { kind: "sample" },
  },
  {
    name: "wanctl_router_up",
    unit: "code",
    help: "1 while the router accepts rates, 0 while it does not, as last reported by the controller",
    labels: {},
    from: { kind: "sample" },
  },
  ...perDirection((d) =>
    labelled(
      {
        name: "wanctl_restlessness_ratio",
        unit: "ratio",
        help: "How often the capacity changes, as the cuts have shown: 0 at rest, 1 another one at each cut",
        labels: {},
        from: { kind: "sample" },
      },
      d,
    ),
  ),
  {
    name: "wanctl_steering_enabled",
    unit: "code",
    help: "1 while latency-sensitive traffic is steered to the other WAN, else 0",
    labels: {},
    from: { kind: "sample" },
  },
  {
    name: "wanctl_router_calls_total",
    unit: "count",
    help: "Calls to the router since the controller started, by outcome",
    labels: {},
    from: {
      kind: "counter",
      labels: { transport: TRANSPORTS, outcome: CALL_OUTCOMES },
    },
  },
];

export const METRIC_NAMES: readonly string[] = [
  ...new Set(METRICS.map((metric) => metric.name)),
];

/** Short names for groups of metrics. */
export const FAMILIES = {
  rtt: /^wanctl_rtt_(baseline_|load_|delta_)?ms$/,
  rate: /^wanctl_rate_/,
  load: /^wanctl_load_/,
  state: /^wanctl_state$/,
} as const;

/** The metrics of a family, or the metric of that name; null for any other word. */
export function metricsIn(word: string): readonly string[] | null {
  if (METRIC_NAMES.includes(word)) return [word];
  if (!Object.hasOwn(FAMILIES, word)) return null;
  const family = FAMILIES[word as keyof typeof FAMILIES];
  return METRIC_NAMES.filter((name) => family.test(name));
}

/** Labels as canonical JSON, keys sorted; null if there are none. */
export function labelText(
  labels: Readonly<Record<string, string>>,
): string | null {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0
    ? null
    : JSON.stringify(Object.fromEntries(entries));
}
