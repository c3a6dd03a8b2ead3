import { clamp, HOUR_MS } from "../../shared/contract/units.js";
import type { Records } from "../store/records.js";
import type { Section } from "../tiers/section.js";
import {
  type Sketch,
  sketchOf,
  sketchQuantile,
  sumSketches,
} from "../tiers/sketch.js";
import { bucketStart } from "../tiers/tier.js";
import type { Pieces } from "./read.js";
import type { SeriesSelection, WanSeries } from "./series-selection.js";

type Quantiles = Readonly<Record<"p50" | "p95" | "p99", number | null>>;

const SHARES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

export const quantilesBy = (
  of: (share: number) => number | null,
): Quantiles => ({
  p50: of(SHARES.p50),
  p95: of(SHARES.p95),
  p99: of(SHARES.p99),
});

/** Quantiles of codes, weighted by the time each was held. */
export function quantilesOfHeld(heldMs: readonly number[]): Quantiles {
  const held = new Map([...heldMs.entries()].filter(([, ms]) => ms > 0));
  const total = [...held.values()].reduce((sum, ms) => sum + ms, 0);
  return quantilesBy((share) => {
    let left = share * total;
    for (const [code, ms] of held) {
      left -= ms;
      if (left <= 0) return code;
    }
    return null;
  });
}

/** Clamps quantiles to minimum and maximum: a sketch bucket extends beyond them. */
export const withinBounds = (
  { p50, p95, p99 }: Quantiles,
  min: number,
  max: number,
): Quantiles => {
  const bound = (value: number | null) =>
    value === null ? null : clamp(value, min, max);
  return { p50: bound(p50), p95: bound(p95), p99: bound(p99) };
};

/** Series without sketches are read from single cycles, if all are kept and the span is not longer than this. */
const CYCLES_MS = 2 * HOUR_MS;

/** Quantiles from sketches and single values; null if only averages are kept. */
export function* quantilesOf(
  records: Records,
  wan: WanSeries,
  series: SeriesSelection,
  sections: readonly Section[],
): Pieces<Quantiles> {
  const found = yield* quantilesIn(records, wan, series, sections);
  const [first, last] = [sections[0], sections.at(-1)];
  if (found.p50 !== null || first === undefined || last === undefined)
    return found;
  const all = { tier: "raw", fromMs: first.fromMs, toMs: last.toMs } as const;
  const isKept =
    all.fromMs >= wan.kept.fromMs.raw && all.toMs - all.fromMs <= CYCLES_MS;
  return isKept ? yield* quantilesIn(records, wan, series, [all]) : found;
}

function* quantilesIn(
  { cycles, rolled }: Records,
  wan: WanSeries,
  { id, field, divisor }: SeriesSelection,
  sections: readonly Section[],
): Pieces<Quantiles> {
  let all: Sketch | null = new Map();
  for (const section of sections) {
    const { tier, fromMs, toMs } = section;
    if (tier === "raw") {
      if (field === null) return quantilesBy(() => null);
      for (const { values } of cycles.columns(wan.id, [field], fromMs, toMs)) {
        const own = (values[0] ?? new Float64Array()).filter(
          (value) => !Number.isNaN(value),
        );
        all = sumSketches([all, sketchOf(own)]);
        yield;
      }
    } else if (id !== null) {
      const begin = bucketStart(tier, fromMs);
      const stretch = { tier, wan: wan.id, fromMs: begin, toMs };
      for (const some of rolled.sketches(id, stretch)) {
        if (some === null) return quantilesBy(() => null);
        all = sumSketches([all, some]);
        yield;
      }
    }
  }
  const known = all;
  return quantilesBy((share) => {
    const value = sketchQuantile(known, share);
    return value === null ? null : value / divisor;
  });
}
