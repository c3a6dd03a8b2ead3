import type { RowField } from "../../shared/contract/row.js";
import { STATES } from "../../shared/contract/state.js";
import type { Tier } from "../tiers/tier.js";

/** A row of the Python wanctl's table `metrics`. Its time is in seconds since 1970. */
export type OldRow = readonly [
  id: number,
  timestamp: number,
  wan: string,
  metric: string,
  value: number,
  labels: string | null,
  granularity: string,
];

/** What is measured over time: a field of our cycle, or whether steering is on. */
export type OldSeries = RowField | "steering";

export interface OldValue {
  readonly kind: "value";
  readonly series: OldSeries;
  readonly tier: Tier;
  readonly atMs: number;
  /** In the units of a cycle; a sample's thousandths. */
  readonly value: number;
}

export interface OldEvent {
  readonly kind: "transition" | "config";
  readonly atMs: number;
  /** The row's, unique in its file. */
  readonly id: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a row was: something that is kept, or why it is not. */
export type Meaning =
  OldValue | OldEvent | { readonly kind: "left_out"; readonly because: string };

/** It wrote what it wished, before the router was asked. */
const FIELDS: Readonly<Record<string, RowField>> = {
  wanctl_rtt_ms: "rttUs",
  wanctl_rtt_baseline_ms: "baselineUs",
  wanctl_rtt_delta_ms: "deltaUs",
  wanctl_rate_download_mbps: "wantedDownloadKbps",
  wanctl_rate_upload_mbps: "wantedUploadKbps",
};

const TIER_OF: Readonly<Record<string, Tier>> = {
  raw: "raw",
  "1m": "1m",
  "5m": "5m",
  "1h": "1h",
};

type Labels = Readonly<Record<string, unknown>>;

const NONE: Labels = {};

const leftOut = (because: string): Meaning => ({ kind: "left_out", because });

export function meaningOf([
  id,
  seconds,
  ,
  metric,
  value,
  text,
  granularity,
]: OldRow): Meaning {
  const tier = TIER_OF[granularity];
  if (
    tier === undefined ||
    !Number.isFinite(value) ||
    !Number.isFinite(seconds)
  )
    return leftOut("no number, or of no tier");
  const labels = labelsOf(text);
  const atMs = Math.round(seconds * 1000);
  const valued = (series: OldSeries, factor: number): Meaning => ({
    kind: "value",
    ...{ series, tier, atMs, value: Math.round(value * factor) + 0 },
  });
  if (labels["source"] === "steering" && metric !== "wanctl_steering_enabled")
    return leftOut("steering's own measurement");
  if (metric === "wanctl_steering_enabled") return valued("steering", 1000);
  if (metric === "wanctl_config_snapshot")
    return { kind: "config", atMs, id, details: snapshot(labels) };
  if (metric === "wanctl_state") {
    if (!(value in STATES)) return leftOut("no state that there is");
    if (typeof labels["reason"] === "string")
      return {
        kind: "transition",
        atMs,
        id,
        details: transition(value, labels),
      };
    const isUpload = labels["direction"] === "upload";
    return valued(isUpload ? "stateUpload" : "stateDownload", 1);
  }
  const field = FIELDS[metric];
  return field === undefined
    ? leftOut(`${metric}: not measured any more`)
    : valued(field, 1000);
}

function labelsOf(text: string | null): Labels {
  if (text === null) return NONE;
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null
      ? (found as Labels)
      : NONE;
  } catch {
    return NONE;
  }
}

const snapshot = ({ trigger, ...config }: Labels) => ({
  trigger: trigger === "reload" ? trigger : "start",
  config,
});

/** `RTT delta 50.3ms exceeded soft_red threshold 45ms`, or `… fell below green threshold 15ms`. */
const REASON = /delta (-?[\d.]+) ?ms .*?(\w+) threshold ([\d.]+) ?ms/;

const usOf = (ms: string | undefined): number | null =>
  ms === undefined ? null : Math.round(Number(ms) * 1000);

/** From which state was not written down. */
function transition(to: number, { direction, reason }: Labels) {
  const [, delta, threshold, limit] = REASON.exec(String(reason)) ?? [];
  return {
    direction: direction === "upload" ? "upload" : "download",
    ...{ from: null, to, reason },
    deltaUs: usOf(delta),
    threshold: threshold ?? null,
    thresholdUs: usOf(limit),
  };
}
