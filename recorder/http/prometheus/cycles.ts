import { hasLabels } from "../present.js";
import { CAUSES } from "../../../shared/contract/cause.js";
import {
  type Direction,
  DIRECTIONS,
} from "../../../shared/contract/direction.js";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import { type Metric, METRICS } from "../../../shared/contract/metrics.js";
import { READINGS, STATES } from "../../../shared/contract/state.js";
import type {
  MetricFamily,
  Figure,
  Labels,
  FigureValue,
  FigureSources,
} from "./figures.js";

/** What a cycle adds to a counter; `before` is the previous cycle of the same run, null if not received. */
interface CycleCounter extends MetricFamily {
  adds(cycle: CycleFrame, before: CycleFrame | null): readonly FigureValue[];
  /** Initial series with 0: otherwise `increase()` misses the first count. */
  readonly zeros: readonly FigureValue[];
}

/** What a cycle adds to a histogram; null if the cycle has no such value. */
interface CycleHistogram extends MetricFamily {
  readonly buckets: readonly number[];
  seconds(cycle: CycleFrame): number | null;
}

const capital = { download: "Download", upload: "Upload" } as const;

const state = (cycle: CycleFrame, direction: Direction) =>
  STATES[cycle[`state${capital[direction]}`]] ?? "unknown";
const cause = (cycle: CycleFrame, direction: Direction) =>
  CAUSES[cycle[`cause${capital[direction]}`]]?.name ?? "unknown";
const wanted = (cycle: CycleFrame, direction: Direction) =>
  cycle[`wanted${capital[direction]}Kbps`];

const eachOf = (
  label: string,
  names: readonly string[],
): readonly FigureValue[] =>
  DIRECTIONS.flatMap((direction) =>
    names.map((name): FigureValue => [{ direction, [label]: name }, 0]),
  );

/** Counts raises (1) or cuts (-1) of the desired rate, by direction. */
const moves =
  (way: 1 | -1): CycleCounter["adds"] =>
  (cycle, before) =>
    DIRECTIONS.flatMap((direction): FigureValue[] =>
      before !== null &&
      way * (wanted(cycle, direction) - wanted(before, direction)) > 0
        ? [[{ direction, cause: cause(cycle, direction) }, 1]]
        : [],
    );

const MOVED = {
  labels: ["wan", "direction", "cause"],
  zeros: eachOf(
    "cause",
    CAUSES.map(({ name }) => name),
  ),
};

export const CYCLE_COUNTERS: readonly CycleCounter[] = [
  {
    name: "wanctl_cycles_total",
    help: "Cycles run",
    labels: ["wan"],
    zeros: [[{}, 0]],
    adds: () => [[{}, 1]],
  },
  {
    name: "wanctl_missed_beats_total",
    help: "Cycles skipped because the previous one ran late",
    labels: ["wan"],
    zeros: [[{}, 0]],
    adds: ({ missed }) => [[{}, missed]],
  },
  {
    name: "wanctl_lost_probes_total",
    help: "Probes without a reply before their deadline",
    labels: ["wan"],
    zeros: [[{}, 0]],
    adds: ({ lost }) => [[{}, lost]],
  },
  {
    name: "wanctl_readings_total",
    help: "Cycles by the result of reading the probes",
    labels: ["wan", "reading"],
    zeros: READINGS.map((reading): FigureValue => [{ reading }, 0]),
    adds: ({ reading }) => [[{ reading: READINGS[reading] ?? "unknown" }, 1]],
  },
  {
    name: "wanctl_state_cycles_total",
    help: "Cycles by the resulting state of each direction",
    labels: ["wan", "direction", "state"],
    zeros: eachOf("state", STATES),
    adds: (cycle) =>
      DIRECTIONS.map((direction): FigureValue => [
        { direction, state: state(cycle, direction) },
        1,
      ]),
  },
  {
    name: "wanctl_rate_cuts_total",
    help: "Cycles that lowered the wanted rate, by cause",
    ...MOVED,
    adds: moves(-1),
  },
  {
    name: "wanctl_rate_raises_total",
    help: "Cycles that raised the wanted rate, by cause",
    ...MOVED,
    adds: moves(1),
  },
];

export const CYCLE_HISTOGRAMS: readonly CycleHistogram[] = [
  {
    name: "wanctl_rtt_seconds",
    help: "Round-trip time of cycles with replies",
    labels: ["wan"],
    buckets: [
      0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5,
      1, 2.5,
    ],
    seconds: ({ rttUs }) => (rttUs === null ? null : rttUs / 1e6),
  },
  {
    name: "wanctl_cycle_late_seconds",
    help: "Delay of the start of a cycle after its scheduled time",
    labels: ["wan"],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1],
    seconds: ({ lateUs }) => lateUs / 1e6,
  },
];

/** The metrics of the registry, from the last cycle or sample; one family per name. */
export const CURRENT: readonly Figure[] = [
  ...new Set(METRICS.map(({ name }) => name)),
].map((name): Figure => {
  const metrics = METRICS.filter((metric) => metric.name === name);
  const [first] = metrics;
  const isCounter = first?.from.kind === "counter";
  const labels = isCounter ? first.from.labels : (first?.labels ?? {});
  return {
    type: isCounter ? "counter" : "gauge",
    name,
    help: first?.help ?? "",
    labels: ["wan", ...Object.keys(labels)],
    points: (scene) => metrics.flatMap((metric) => valuesOf(metric, scene)),
  };
});

function valuesOf(
  { name, from, labels }: Metric,
  { present, clock }: FigureSources,
): readonly FigureValue[] {
  if (from.kind === "cycle")
    return present
      .live(clock.mono())
      .flatMap(({ wan, cycle }): FigureValue[] => {
        const value = cycle[from.field];
        // divide, as the database does: 24300 * 0.001 is not 24.3
        return value === null
          ? []
          : [[{ ...labels, wan }, value / (1 / from.factor)]];
      });
  const heard = present
    .samples(clock.mono())
    .filter(
      (sample) => sample.metric === name && hasLabels(sample.labels, labels),
    );
  const points = heard.map(({ wan, labels, value }): FigureValue => [
    { ...labels, wan },
    value,
  ]);
  if (from.kind === "sample") return points;
  // start at 0: otherwise increase() misses the first count
  const wans = new Set(heard.map(({ wan }) => wan));
  const zeros = [...wans].flatMap((wan) =>
    combinations(from.labels).map((each): FigureValue => [{ ...each, wan }, 0]),
  );
  return [...zeros, ...points];
}

const combinations = (
  labels: Readonly<Record<string, readonly string[]>>,
): readonly Labels[] =>
  Object.entries(labels).reduce<readonly Labels[]>(
    (made, [key, values]) =>
      made.flatMap((labels) =>
        values.map((value) => ({ ...labels, [key]: value })),
      ),
    [{}],
  );
