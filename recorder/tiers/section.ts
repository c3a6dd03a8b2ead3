import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
  type TimeRange,
} from "../../shared/contract/units.js";
import {
  bucketStart,
  type PerTier,
  ROLLED_TIERS,
  type RolledTier,
  STEP_MS,
  type Tier,
  TIERS,
} from "./tier.js";

/** A part of a requested range, end excluded, and the tier it is read from. */
export interface Section extends TimeRange {
  readonly tier: Tier;
}

/** The range in which each tier of one WAN is complete; raw data reaches to the newest frame. */
export interface Kept {
  readonly fromMs: PerTier<number>;
  readonly untilMs: Readonly<Record<RolledTier, number>>;
}

/**
 * The tiers to read a range from in steps of `stepMs`: the coarsest whose buckets divide a step, as it is least work;
 * where that is not rolled up yet or has expired, another one, preferably finer. Sections are in order and do not
 * overlap; parts of the range in no section have expired.
 */
export function sections(
  fromMs: number,
  toMs: number,
  stepMs: number,
  kept: Kept,
): Section[] {
  const preferred = preference(stepMs);
  const inside = (ms: number) => ms > fromMs && ms < toMs;
  const edges = [
    fromMs,
    ...[...Object.values(kept.fromMs), ...Object.values(kept.untilMs)]
      .filter(inside)
      .sort((a, b) => a - b),
    toMs,
  ];
  const found: Section[] = [];
  for (const [i, start] of edges.entries()) {
    const end = edges[i + 1] ?? start;
    if (end <= start) continue;
    const tier = preferred.find((one) => has(kept, one, start));
    if (tier === undefined) continue;
    const last = found.at(-1);
    if (last?.tier === tier && last.toMs === start)
      found[found.length - 1] = { ...last, toMs: end };
    else found.push({ tier, fromMs: start, toMs: end });
  }
  return found;
}

/**
 * The tiers to read a range as a whole from: the coarsest where its buckets lie inside, finer ones at the edges. If
 * only a coarse tier is left, its buckets that extend beyond the edges are taken whole.
 */
export function cover(fromMs: number, toMs: number, kept: Kept): Section[] {
  let open: Section[] = [{ tier: "raw", fromMs, toMs }];
  const found: Section[] = [];
  const take = (tier: Tier, bounds: (part: Section) => Section) => {
    open = open.flatMap((part) => {
      const { fromMs, toMs } = bounds(part);
      const untilMs = tier === "raw" ? Infinity : kept.untilMs[tier];
      const own = {
        tier,
        fromMs: Math.max(fromMs, kept.fromMs[tier]),
        toMs: Math.min(toMs, untilMs),
      };
      if (own.fromMs >= own.toMs) return [part];
      found.push(own);
      return [
        { ...part, toMs: Math.min(part.toMs, own.fromMs) },
        { ...part, fromMs: Math.max(part.fromMs, own.toMs) },
      ].filter((rest) => rest.fromMs < rest.toMs);
    });
  };
  for (const tier of [...ROLLED_TIERS].reverse())
    take(tier, (part) => ({
      ...part,
      fromMs: bucketStart(tier, part.fromMs - 1) + STEP_MS[tier],
      toMs: bucketStart(tier, part.toMs),
    }));
  take("raw", (part) => part);
  for (const tier of ROLLED_TIERS)
    take(tier, (part) => ({
      ...part,
      fromMs: bucketStart(tier, part.fromMs),
      toMs: bucketStart(tier, part.toMs - 1) + STEP_MS[tier],
    }));
  return found.sort((a, b) => a.fromMs - b.fromMs);
}

/** Tiers that divide a step, coarsest first, then the others, finest first. */
function preference(stepMs: number): readonly Tier[] {
  const fitting = TIERS.filter(
    (tier) => tier === "raw" || stepMs % STEP_MS[tier] === 0,
  ).reverse();
  return [
    ...fitting,
    ...ROLLED_TIERS.filter((tier) => !fitting.includes(tier)),
  ];
}

const has = ({ fromMs, untilMs }: Kept, tier: Tier, atMs: number): boolean =>
  atMs >= fromMs[tier] && (tier === "raw" || atMs < untilMs[tier]);

/** Steps that are easy to read; from a minute on each is a multiple of a tier's step. */
const STEPS_MS: readonly number[] = [
  ...[50, 100, 250, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 7, 14, 28].map((n) => n * DAY_MS),
];

/** The shortest step that shows a range in at most `points` points. */
export function stepFor(rangeMs: number, points: number): number {
  const least = rangeMs / Math.max(1, points);
  const coarsest = STEPS_MS.at(-1) ?? DAY_MS;
  return (
    STEPS_MS.find((stepMs) => stepMs >= least) ??
    Math.ceil(least / coarsest) * coarsest
  );
}
