import { Type } from "@sinclair/typebox";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CycleFrame, Frame } from "../../../shared/contract/frame.js";
import { parameters } from "../query.js";
import { route, type Route } from "../route.js";
import { CURRENT, CYCLE_COUNTERS, CYCLE_HISTOGRAMS } from "./cycles.js";
import { type MetricFamily, FIGURES, type FigureSources } from "./figures.js";

/** Metrics counted here, not read from frames. */
export const OWN = {
  events: {
    name: "wanctl_events_total",
    help: "Events other than state changes",
    labels: ["wan", "event"],
  },
  commits: {
    name: "wanctl_recorder_commit_seconds",
    help: "Duration of committing a batch",
    labels: [],
  },
  requests: {
    name: "wanctl_http_requests_total",
    help: "HTTP answers by route and status",
    labels: ["route", "code"],
  },
} as const satisfies Record<string, MetricFamily>;

const COMMIT_BUCKETS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1,
];

/** The Prometheus exposition. */
export interface Exposition {
  /** Counts a frame of an admitted name; called once per frame. */
  heard(frame: Frame): void;
  committed(tookMs: number): void;
  answered(route: string, code: number): void;
  text(): Promise<string>;
  readonly contentType: string;
}

export function openExposition(scene: FigureSources): Exposition {
  const registry = new Registry();
  const common = ({ name, help, labels }: MetricFamily) => ({
    name,
    help,
    labelNames: labels,
    registers: [registry],
  });

  for (const figure of [...CURRENT, ...FIGURES])
    if (figure.type === "gauge")
      new Gauge({
        ...common(figure),
        collect() {
          this.reset();
          // unknown values are absent, but reset() leaves a zero for gauges without labels
          if (figure.labels.length === 0) this.remove();
          for (const [labels, value] of figure.points(scene))
            this.set(labels, value);
        },
      });
    else
      new Counter({
        ...common(figure),
        collect() {
          this.reset();
          for (const [labels, value] of figure.points(scene))
            this.inc(labels, value);
        },
      });

  const counters = CYCLE_COUNTERS.map((each) => ({
    each,
    counter: new Counter(common(each)),
  }));
  const histograms = CYCLE_HISTOGRAMS.map((each) => ({
    each,
    histogram: new Histogram({ ...common(each), buckets: [...each.buckets] }),
  }));
  const events = new Counter(common(OWN.events));
  const requests = new Counter(common(OWN.requests));
  const commits = new Histogram({
    ...common(OWN.commits),
    buckets: COMMIT_BUCKETS,
  });
  const last = new Map<string, CycleFrame>();

  function count(cycle: CycleFrame): void {
    const { source: wan, boot, seq } = cycle;
    const known = last.get(wan);
    if (known === undefined)
      for (const { counter, each } of counters)
        for (const [labels, by] of each.zeros)
          counter.inc({ ...labels, wan }, by);
    const isNext = known?.boot === boot && known.seq < seq;
    for (const { counter, each } of counters)
      for (const [labels, by] of each.adds(cycle, isNext ? known : null))
        counter.inc({ ...labels, wan }, by);
    for (const { histogram, each } of histograms) {
      const value = each.seconds(cycle);
      if (value !== null) histogram.observe({ wan }, value);
    }
    if (known?.boot !== boot || isNext) last.set(wan, cycle);
  }

  return {
    contentType: registry.contentType,
    heard(frame) {
      if (frame.kind === "cycle") count(frame);
      else if (frame.kind === "event")
        events.inc({ wan: frame.source, event: frame.event });
    },
    committed: (tookMs) => commits.observe(tookMs / 1e3),
    answered: (route, code) => requests.inc({ route, code }),
    text: () => registry.metrics(),
  };
}

/** All WANs and the recorder, for Prometheus. */
export const metricsRoute = (exposition: Exposition): Route =>
  route({
    path: "/metrics",
    doc: "Current values and counters, for Prometheus",
    query: parameters({}),
    answers: {
      200: {
        doc: "the Prometheus text format, version 0.0.4",
        type: "text/plain",
        schema: Type.String(),
      },
    },
    answer: async (_, reply) =>
      reply.type(exposition.contentType).send(await exposition.text()),
  });
