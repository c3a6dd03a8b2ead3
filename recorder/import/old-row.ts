import { eachDirection } from "../../shared/contract/direction.js";
import { PERIOD_MS, type RowField } from "../../shared/contract/row.js";
import { readingCode, READINGS, STATES } from "../../shared/contract/state.js";
import {
  type Bucket,
  type Coverage,
  mergeBuckets,
  mergeCoverage,
  type Rollup,
  rollupOf,
} from "../tiers/rollup.js";
import {
  bucketStart,
  eachRolledTier,
  FINER,
  FINEST_ROLLED,
  type RolledTier,
  STEP_MS,
  type Tier,
} from "../tiers/tier.js";

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

/** A field of our cycle, or whether steering is on. */
export type OldSeries = RowField | "steering";

export interface OldValue {
  readonly kind: "value";
  readonly series: OldSeries;
  readonly tier: Tier;
  readonly atMs: number;
  /** In the units of a cycle field; samples in thousandths. */
  readonly value: number;
}

export interface OldEvent {
  readonly kind: "transition" | "config";
  readonly atMs: number;
  /** The id of the row, unique in its file. */
  readonly id: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A row to import, or why it is skipped. */
type Meaning =
  OldValue | OldEvent | { readonly kind: "left_out"; readonly because: string };

/** The Python wanctl stored the desired rate, not the one read back from the router. */
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
    return leftOut("not a number, or unknown granularity");
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
    if (!(value in STATES)) return leftOut("unknown state");
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
    ? leftOut(`${metric}: no longer measured`)
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

/** The old rows do not contain the `from` state. */
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

type Buckets = Map<number, Bucket>;

/** One imported hour of one WAN: the buckets of each tier, by their start. */
interface Hour {
  readonly buckets: Readonly<Record<RolledTier, ReadonlyMap<number, Bucket>>>;
  /** Number of values of a period for which finer ones exist. */
  readonly superseded: number;
}

/** Series for which sketches are built from single cycles. */
const DELAYS: readonly OldSeries[] = ["rttUs", "baselineUs", "deltaUs"];

const STATE_OF = { download: "stateDownload", upload: "stateUpload" } as const;

/**
 * Rolls up an hour, each tier from the finest available. An average counts as the nominal number of cycles in its
 * period, each with the average: extremes and percentiles are lost.
 * @param idOf the series in our database
 */
export function hourOf(
  values: readonly OldValue[],
  idOf: (series: OldSeries) => number,
): Hour {
  let superseded = 0;

  /** Adds the series that exist only as averages of this tier. */
  function completed(tier: RolledTier, finer: Buckets): Buckets {
    for (const [start, bySeries] of grouped(values, tier, tier)) {
      const known = finer.get(start);
      const missing: SeriesValues = new Map();
      for (const [series, group] of bySeries)
        if (known?.rollups.has(idOf(series)) === true)
          superseded += group.length;
        else missing.set(series, group);
      const rest = averaged(tier, missing, idOf);
      finer.set(start, known === undefined ? rest : joined(known, rest));
    }
    return finer;
  }

  let finer: Buckets = new Map();
  for (const [start, bySeries] of grouped(values, "raw", FINEST_ROLLED))
    finer.set(start, summedUp(bySeries, idOf));
  const buckets = eachRolledTier((tier) => {
    finer = completed(
      tier,
      FINER[tier] === "raw" ? finer : merged(tier, finer),
    );
    return finer;
  });
  return { buckets, superseded };
}

type SeriesValues = Map<OldSeries, OldValue[]>;

/** The values of one tier, grouped by the buckets of another and by series. */
function grouped(
  values: readonly OldValue[],
  tier: Tier,
  by: RolledTier,
): Map<number, SeriesValues> {
  const groups = new Map<number, SeriesValues>();
  for (const value of values) {
    if (value.tier !== tier) continue;
    const start = bucketStart(by, value.atMs);
    const bySeries = groups.get(start) ?? new Map<OldSeries, OldValue[]>();
    groups.set(start, bySeries);
    const group = bySeries.get(value.series);
    if (group === undefined) bySeries.set(value.series, [value]);
    else group.push(value);
  }
  return groups;
}

/** A bucket of a minute, from single values. */
function summedUp(
  bySeries: SeriesValues,
  idOf: (series: OldSeries) => number,
): Bucket {
  const rollups = new Map<number, Rollup>();
  for (const [series, group] of bySeries) {
    const points = group.map(({ atMs, value }) => [atMs, value] as const);
    const rollup = rollupOf(points, DELAYS.includes(series));
    if (rollup !== null) rollups.set(idOf(series), rollup);
  }
  const cycles = bySeries.get("rttUs")?.length ?? 0;
  return {
    rollups,
    coverage: coverage(cycles, STEP_MS[FINEST_ROLLED], bySeries),
  };
}

/** A bucket of the same tier, from averages. */
function averaged(
  tier: RolledTier,
  bySeries: SeriesValues,
  idOf: (series: OldSeries) => number,
): Bucket {
  const lengthMs = STEP_MS[tier];
  const count = lengthMs / PERIOD_MS;
  const rollups = new Map<number, Rollup>();
  for (const [series, group] of bySeries) {
    const points = group.map(({ atMs, value }) => [atMs, value] as const);
    const found = rollupOf(points, false);
    if (found === null) continue;
    const sum = Math.round(found.sum / found.count) * count;
    rollups.set(idOf(series), { ...found, count, sum });
  }
  const cycles = bySeries.has("rttUs") ? count : 0;
  return { rollups, coverage: coverage(cycles, lengthMs, bySeries) };
}

/** The Python wanctl recorded only cycles with a reply; the state values divide the period evenly. */
function coverage(
  cycles: number,
  lengthMs: number,
  bySeries: SeriesValues,
): Coverage {
  const readings = READINGS.map((_, code) =>
    code === readingCode("reply") ? cycles : 0,
  );
  const heldMs = eachDirection((direction) => {
    const seen = bySeries.get(STATE_OF[direction]) ?? [];
    return STATES.map((_, code) => {
      const times = seen.filter(({ value }) => value === code).length;
      return times === 0 ? 0 : Math.floor((times * lengthMs) / seen.length);
    });
  });
  return { cycles, missed: 0, readings, heldMs };
}

/** Joins two parts of one bucket with disjoint series. */
const joined = (a: Bucket, b: Bucket): Bucket => ({
  coverage: mergeCoverage(a.coverage, b.coverage),
  rollups: new Map([...a.rollups, ...b.rollups]),
});

function merged(tier: RolledTier, finer: Buckets): Buckets {
  const parts = new Map<number, Bucket[]>();
  for (const [start, bucket] of finer) {
    const own = bucketStart(tier, start);
    parts.set(own, [...(parts.get(own) ?? []), bucket]);
  }
  const whole: Buckets = new Map();
  for (const [start, buckets] of parts) {
    const bucket = mergeBuckets(buckets);
    if (bucket !== null) whole.set(start, bucket);
  }
  return whole;
}
