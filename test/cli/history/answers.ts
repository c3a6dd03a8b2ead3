import type {
  Completeness,
  EventsAnswer,
  HistoryEvent,
  RangeAnswer,
  SeriesAnswer,
  SeriesValues,
  SummaryAnswer,
} from "../../../shared/contract/history.js";
import { METRICS } from "../../../shared/contract/metrics.js";

/** Made-up answers of a recorder. */

export const FROM_MS = new Date("2026-11-21T13:00:00").getTime();
const MINUTE_MS = 60_000;

const LEVEL: Readonly<Record<string, number>> = {
  wanctl_rtt_ms: 24.3,
  wanctl_rtt_baseline_ms: 23.9,
  wanctl_rtt_delta_ms: 1.2,
  wanctl_rate_download_mbps: 187,
  wanctl_rate_upload_mbps: 18.5,
  wanctl_load_download_mbps: 142,
  wanctl_load_upload_mbps: 2.31,
};

/** Every seventh step has a queue in it. */
export function seriesOf(
  wan: string,
  steps: number,
  stepMs: number,
  fromMs = FROM_MS,
): readonly SeriesValues[] {
  const places = Array.from({ length: steps }, (_, i) => i);
  return METRICS.filter(({ from }) => from.kind === "cycle").map(
    ({ name, unit, labels }) => {
      const level = LEVEL[name] ?? 0;
      const isDelay = /rtt_(ms|delta_ms)/.test(name);
      const isState = name === "wanctl_state";
      const peak = (i: number) => (i % 7 === 3 ? (isDelay ? 180 : 3) : 0);
      return {
        ...{ wan, metric: name, unit, labels },
        at: places.map((i) => fromMs + i * stepMs),
        count: places.map(() => 1_200),
        min: places.map(() => level * 0.9),
        avg: places.map((i) => level + (i % 5)),
        max: places.map((i) =>
          isState ? peak(i) : level * 1.1 + (isDelay ? peak(i) : 0),
        ),
        ...(isState
          ? {
              stateMs: places.map((i) =>
                peak(i) > 0 && labels["direction"] === "download"
                  ? [stepMs * 0.9, stepMs * 0.04, stepMs * 0.03, stepMs * 0.03]
                  : [stepMs, 0, 0, 0],
              ),
            }
          : {}),
      };
    },
  );
}

export const completeness = (
  wans: readonly string[],
  fromMs: number,
  toMs: number,
): Completeness => ({
  from: fromMs,
  to: toMs,
  wans: wans.map((wan) => ({
    wan,
    coverage: 0.9987,
    recorded: 0.9987,
    since: null,
    sections: [
      { tier: "1m", from: fromMs, to: toMs - 90_000 },
      { tier: "raw", from: toMs - 90_000, to: toMs },
    ],
  })),
  gaps: wans.map((wan) => ({
    wan,
    from: fromMs + 5_000,
    to: fromMs + 7_250,
    frames: 45,
    cause: "expired",
  })),
  gapsTotal: wans.length,
  partial: true,
});

export const range = (
  wans: readonly string[],
  steps = 12,
  stepMs = 5 * MINUTE_MS,
): RangeAnswer => {
  const data = wans.flatMap((wan) => seriesOf(wan, steps, stepMs));
  return {
    data,
    metadata: {
      ...completeness(wans, FROM_MS, FROM_MS + steps * stepMs),
      stepMs,
      returned: data.length * steps,
      next: null,
    },
  };
};

export const summary = (wans: readonly string[]): SummaryAnswer => ({
  data: range(wans).data.map(({ wan, metric, labels, unit }) => ({
    ...{ wan, metric, labels, unit },
    ...{ count: 72_000, min: 0.5, avg: 24.3, max: 412 },
    ...{ p50: 24.1, p95: 31, p99: null },
  })),
  metadata: {
    ...completeness(wans, FROM_MS, FROM_MS + 60 * MINUTE_MS),
    states: wans.flatMap((wan) =>
      (["download", "upload"] as const).map((direction) => ({
        ...{ wan, direction },
        ms: { GREEN: 3_500_000, YELLOW: 60_000, SOFT_RED: 30_000, RED: 50 },
      })),
    ),
    worst: wans.flatMap((wan) =>
      [17, 4].map((minute, i) => ({
        ...{ wan, at: FROM_MS + minute * MINUTE_MS, minutes: i === 0 ? 1 : 60 },
        ...{ deltaAvgMs: 120.3 - 80 * i, deltaMaxMs: 380.1 },
      })),
    ),
  },
});

export const event = (
  seq: number,
  values: Partial<HistoryEvent> = {},
): HistoryEvent => ({
  at: FROM_MS + seq * 1_250,
  wan: "spectrum",
  kind: "transition",
  details: {
    ...{ direction: "download", from: 0, to: 1, deltaUs: 17_000 },
    reason: "RTT delta 17.0ms exceeded target threshold 15ms",
  },
  boot: "0123456789abcdef",
  seq,
  ...values,
});

export const events = (data: readonly HistoryEvent[]): EventsAnswer => ({
  data,
  metadata: {
    from: FROM_MS,
    to: FROM_MS + 60 * MINUTE_MS,
    returned: data.length,
    next: null,
  },
});

export const series = (wans: readonly string[]): SeriesAnswer => ({
  data: [],
  metadata: {
    now: FROM_MS,
    wans: wans.map((wan) => ({ wan, from: 0, to: FROM_MS, tiers: [] })),
  },
});
