import {
  DIRECTIONS,
  eachDirection,
  type PerDirection,
} from "../shared/contract/direction.js";
import { groupsBy } from "../shared/contract/groups.js";
import type { Trace } from "./measure.js";
import {
  type Bin,
  BIN_MS,
  type RateWritten,
  type CallPacket,
  type LabRun,
} from "./run.js";
import type { Scenario } from "./scenario.js";
import { mean, quantile, type Spread, spreadOf } from "./statistics.js";

/** What is compared: one number per run, null where it does not apply. */
const QUANTITIES = [
  "usePct",
  "p50Ms",
  "p95Ms",
  "p99Ms",
  "excess95Ms",
  "latePct",
  "fallS",
  "riseS",
  "writesPerS",
  "cutsPerHour",
  "atFloorPct",
  "points",
] as const;

export type Quantity = (typeof QUANTITIES)[number];

/**
 * One run compared with the oracle's of the same seed. `usePct`: bytes delivered as a percentage of the oracle's (of the
 * capacity where the oracle was not played), the mean over the filled directions. `excess95Ms`: p95 above the oracle's,
 * at least 0. `points`, for ranking only: 100 u / (1 + E95 / 20 ms + E99 / 200 ms).
 */
export type Measure = Pick<Task, "scenario" | "policy" | "seed"> &
  Readonly<Record<Quantity, number | null>>;

const ORACLE_NAME = "oracle";

export function measure(outcomes: readonly TaskResult[]): readonly Measure[] {
  const ideals = new Map(
    outcomes
      .filter(({ policy }) => policy === ORACLE_NAME)
      .map(({ scenario, seed, score }) => [`${scenario} ${seed}`, score]),
  );
  return outcomes.map(({ scenario, policy, seed, score }) => {
    const ideal = ideals.get(`${scenario} ${seed}`) ?? null;
    const use = relativeUse(score, ideal);
    const excess = (of: "p95Ms" | "p99Ms") =>
      Math.max(0, score[of] - (ideal?.[of] ?? 0));
    const penalty = excess("p95Ms") / 20 + excess("p99Ms") / 200;
    return {
      scenario,
      policy,
      seed,
      usePct: use === null ? null : 100 * use,
      p50Ms: score.p50Ms,
      p95Ms: score.p95Ms,
      p99Ms: score.p99Ms,
      excess95Ms: excess("p95Ms"),
      latePct: 100 * score.late,
      fallS: score.fallS,
      riseS: score.riseS,
      writesPerS: score.writesPerS,
      cutsPerHour: score.cutsPerHour,
      atFloorPct: 100 * score.atFloor,
      points: use === null ? null : (100 * Math.min(1, use)) / (1 + penalty),
    };
  });
}

function relativeUse(score: Score, ideal: Score | null): number | null {
  const parts = DIRECTIONS.flatMap((d) => {
    const use = score.use[d];
    return use === null ? [] : [use / (ideal?.use[d] ?? 1)];
  });
  return parts.length === 0 ? null : mean(parts);
}

/** One policy in one scenario, over all seeds. */
export type Ranking = Pick<Measure, "scenario" | "policy"> &
  Readonly<Record<Quantity, Spread | null>>;

/** One ranking for each scenario and policy, in order of first appearance. */
export const rank = (measures: readonly Measure[]): readonly Ranking[] =>
  groupsBy(measures, ({ scenario, policy }) => `${scenario} ${policy}`).map(
    (group) => {
      const spreads = QUANTITIES.map((quantity) => {
        const values = group.map((one) => one[quantity]);
        return [quantity, spreadOf(values.filter((v) => v !== null))] as const;
      });
      const [{ scenario, policy }] = group;
      return {
        ...{ scenario, policy },
        ...(Object.fromEntries(spreads) as Record<Quantity, Spread | null>),
      };
    },
  );

/**
 * One run in numbers. Delays are what queues add to the round trip of a call's packets, ms. Packets sent while the line
 * carries nothing do not count, since no rate can help them.
 */
export interface Score {
  /** Delivered of the capacity, 0..1; null for a direction that is not filled. */
  readonly use: PerDirection<number | null>;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Share of the call's packets with more than 30 ms of added delay. */
  readonly late: number;
  /** From a fall to the first second without such a packet; mean over all falls, null without falls. */
  readonly fallS: number | null;
  /** From a rise to the first second in which 90 % of the capacity is delivered. */
  readonly riseS: number | null;
  readonly writesPerS: number;
  readonly cutsPerHour: number;
  /** Share of the time that a filled direction spends at its floor. */
  readonly atFloor: number;
}

const LATE_MS = 30;
const USED = 0.9;
const CALM_MS = 1000;
/** A change is a fall or a rise if no other change is nearer than this, ms. */
const ALONE_MS = 5000;
const FLOOR_MARGIN = 1.02;

export function score(run: LabRun, scenario: Scenario): Score {
  const { scoredFromMs, loaded, limits } = scenario;
  const bins = run.bins.filter(({ atMs }) => atMs >= scoredFromMs);
  const callPackets = sentOutside(
    run.callPackets,
    outages(run, scenario),
  ).filter(({ sentAtMs }) => sentAtMs >= scoredFromMs);
  const addedMs = Float64Array.from(callPackets, (h) => h.addedMs).sort();
  const falls = alone(run, scenario).filter((c) => c.toBps < c.fromBps);
  const rises = alone(run, scenario).filter((c) => c.toBps > c.fromBps);
  const meanOf = (values: readonly number[]) =>
    values.length === 0 ? null : mean(values);
  return {
    use: eachDirection((d) =>
      loaded.includes(d)
        ? sum(bins, (bin) => bin.deliveredBps[d]) /
          sum(bins, (bin) => bin.capacityBps[d])
        : null,
    ),
    p50Ms: quantile(addedMs, 0.5),
    p95Ms: quantile(addedMs, 0.95),
    p99Ms: quantile(addedMs, 0.99),
    maxMs: addedMs.at(-1) ?? NaN,
    late: addedMs.filter((ms) => ms > LATE_MS).length / addedMs.length,
    fallS: meanOf(falls.map((fall) => calmAfterS(run, scenario, fall))),
    riseS: meanOf(rises.map((rise) => usedAfterS(run, scenario, rise))),
    writesPerS: (run.writes * 1e3) / run.scoredMs,
    cutsPerHour: (run.cuts * 3.6e6) / run.scoredMs,
    atFloor:
      sum(bins, (bin) =>
        loaded.some((d) => bin.rateBps[d] <= FLOOR_MARGIN * limits[d].floorBps)
          ? 1
          : 0,
      ) / bins.length,
  };
}

/** Spans in which a direction carries nothing, ms. */
const outages = ({ changes }: LabRun, { seconds }: Scenario) =>
  changes.flatMap(({ direction, atMs, toBps }) => {
    const next = changes.find(
      (c) => c.direction === direction && c.atMs > atMs,
    );
    return toBps > 0 ? [] : [[atMs, next?.atMs ?? seconds * 1000] as const];
  });

const sentOutside = (
  callPackets: readonly CallPacket[],
  dead: readonly (readonly [fromMs: number, untilMs: number])[],
) =>
  callPackets.filter(
    ({ sentAtMs }) =>
      !dead.some(([from, until]) => sentAtMs >= from && sentAtMs < until),
  );

const sum = (bins: readonly Bin[], of: (bin: Bin) => number): number =>
  bins.reduce((total, bin) => total + of(bin), 0);

/** Changes of filled directions to a capacity above 0 that are {@link ALONE_MS} apart from others. */
function alone(
  { changes }: LabRun,
  { loaded, seconds, scoredFromMs }: Scenario,
) {
  return changes.filter(({ direction, atMs, toBps }) => {
    const others = changes.filter((c) => c.direction === direction);
    const place = others.findIndex((c) => c.atMs === atMs);
    const beforeMs = others[place - 1]?.atMs ?? 0;
    const afterMs = others[place + 1]?.atMs ?? seconds * 1000;
    return (
      loaded.includes(direction) &&
      toBps > 0 &&
      atMs >= scoredFromMs &&
      atMs - beforeMs >= ALONE_MS &&
      afterMs - atMs >= ALONE_MS
    );
  });
}

/** When the time to react to a change ends, ms: at the next one. */
const limitMs = (
  { changes }: LabRun,
  { seconds }: Scenario,
  { atMs, direction }: RateWritten,
): number =>
  changes.find((c) => c.direction === direction && c.atMs > atMs)?.atMs ??
  seconds * 1000;

function calmAfterS(
  run: LabRun,
  scenario: Scenario,
  change: RateWritten,
): number {
  const untilMs = limitMs(run, scenario, change);
  let calmFromMs = change.atMs;
  for (const { sentAtMs, addedMs } of run.callPackets) {
    if (sentAtMs < change.atMs || sentAtMs >= untilMs) continue;
    if (sentAtMs - calmFromMs >= CALM_MS) break;
    if (addedMs > LATE_MS) calmFromMs = sentAtMs + 1;
  }
  return (Math.min(calmFromMs, untilMs) - change.atMs) / 1e3;
}

function usedAfterS(
  run: LabRun,
  scenario: Scenario,
  change: RateWritten,
): number {
  const { atMs, direction } = change;
  const untilMs = limitMs(run, scenario, change);
  const bins = run.bins.filter((b) => b.atMs >= atMs && b.atMs < untilMs);
  const window = CALM_MS / BIN_MS;
  for (let i = 0; i + window <= bins.length; i++) {
    const second = bins.slice(i, i + window);
    const delivered = sum(second, (bin) => bin.deliveredBps[direction]);
    const possible = sum(second, (bin) => bin.capacityBps[direction]);
    if (delivered >= USED * possible) return (i * BIN_MS) / 1e3;
  }
  return (untilMs - atMs) / 1e3;
}

/** One run to play, by names, so that it can be sent to another thread. */
export interface Task {
  readonly scenario: string;
  readonly policy: string;
  readonly seed: number;
  /** Whether to keep the course of the run for a chart. */
  readonly isTraced: boolean;
}

export interface TaskResult extends Task {
  readonly score: Score;
  readonly trace: Trace | null;
}
