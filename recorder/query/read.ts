import type { RowField } from "../../shared/contract/row.js";
import { STATES } from "../../shared/contract/state.js";
import type { Records } from "../store/records.js";
import { unitMs } from "../store/rollup/rolled.js";
import { heldByCycleMs, stateHeldLongest } from "../tiers/rollup.js";
import type { Section } from "../tiers/section.js";
import { bucketStart, STEP_MS } from "../tiers/tier.js";
import type { SeriesSelection, WanSeries } from "./series-selection.js";

/** Collects the values of one series, in storage units. */
export interface Sink {
  /** Single values, in order; NaN is no value. @param missed cycles skipped before each one; only for states */
  values(
    at: ArrayLike<number>,
    values: ArrayLike<number>,
    missed: ArrayLike<number> | undefined,
  ): void;
  /** The aggregate of a bucket, or of all buckets of a step. */
  add(atMs: number, amount: Amount): void;
  /** How long each state was held, indexed by its code. */
  hold(atMs: number, heldMs: readonly number[]): void;
  /** What was collected, in order. */
  figures(): readonly Figures[];
}

/** Aggregated values. */
interface Amount {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** The aggregate of one series in one step. */
interface Figures extends Amount {
  readonly atMs: number;
  /** Indexed by state; empty for other series. */
  readonly heldMs: readonly number[];
}

const NONE_HELD: readonly number[] = [];

/** Aggregates into steps of equal length from an origin; earlier values go into the first step. */
export function openSteps(
  originMs: number,
  stepMs: number,
  steps: number,
): Sink {
  const counts = new Float64Array(steps);
  const sums = new Float64Array(steps);
  const least = new Float64Array(steps).fill(Infinity);
  const greatest = new Float64Array(steps).fill(-Infinity);
  /** For states only: `STATES.length` entries per step. */
  let held: Float64Array | null = null;

  function placeOf(atMs: number): number {
    const exact = Math.floor((atMs - originMs) / stepMs);
    return exact > 0 ? Math.min(exact, steps - 1) : 0;
  }

  function add(place: number, { count, sum, min, max }: Amount): void {
    counts[place] = (counts[place] ?? 0) + count;
    sums[place] = (sums[place] ?? 0) + sum;
    least[place] = Math.min(least[place] ?? Infinity, min);
    greatest[place] = Math.max(greatest[place] ?? -Infinity, max);
  }

  function hold(place: number, state: number, ms: number): void {
    held ??= new Float64Array(steps * STATES.length);
    const own = place * STATES.length + state;
    held[own] = (held[own] ?? 0) + ms;
  }

  return {
    values(times, values, missed) {
      for (let i = 0; i < times.length;) {
        const first = times[i] ?? 0;
        const place = placeOf(first);
        const endMs = first + stepMs - ((first - originMs) % stepMs);
        let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
        for (; i < times.length && (times[i] ?? 0) < endMs; i++) {
          const value = values[i] ?? NaN;
          if (Number.isNaN(value)) continue;
          count++;
          sum += value;
          if (value < min) min = value;
          if (value > max) max = value;
          if (missed !== undefined)
            hold(place, value, heldByCycleMs(missed[i] ?? 0));
        }
        add(place, { count, sum, min, max });
      }
    },
    add: (atMs, amount) => add(placeOf(atMs), amount),
    hold(atMs, heldMs) {
      const place = placeOf(atMs);
      for (const [state, ms] of heldMs.entries()) hold(place, state, ms);
    },
    figures() {
      const found: Figures[] = [];
      for (let place = 0; place < steps; place++) {
        const count = counts[place] ?? 0;
        if (count === 0) continue;
        const begin = place * STATES.length;
        found.push({
          atMs: originMs + place * stepMs,
          count,
          sum: sums[place] ?? 0,
          min: least[place] ?? Infinity,
          max: greatest[place] ?? -Infinity,
          heldMs:
            held === null
              ? NONE_HELD
              : Array.from(held.subarray(begin, begin + STATES.length)),
        });
      }
      return found;
    },
  };
}

/** Keeps each value separately. */
export function openSingles(): Sink {
  const all: Figures[] = [];
  return {
    values(at, values, missed) {
      for (let i = 0; i < at.length; i++) {
        const value = values[i] ?? NaN;
        if (Number.isNaN(value)) continue;
        const heldMs = missed === undefined ? [] : [0, 0, 0, 0];
        if (missed !== undefined) heldMs[value] = heldByCycleMs(missed[i] ?? 0);
        const alone = { count: 1, sum: value, min: value, max: value, heldMs };
        all.push({ atMs: at[i] ?? 0, ...alone });
      }
    },
    add(atMs, figures) {
      all.push({ atMs, ...figures, heldMs: [] });
    },
    hold(atMs, heldMs) {
      const place = all.findLastIndex((each) => each.atMs === atMs);
      const known = all[place];
      if (known !== undefined) all[place] = { ...known, heldMs };
    },
    figures: () => all,
  };
}

/** Long work, in pieces of a few milliseconds. */
export type Pieces<T> = Generator<undefined, T>;

/** Bucket rows read at once. */
const ROWS = 4_000;

/** How buckets are aggregated into steps. */
interface Steps {
  readonly originMs: number;
  readonly stepMs: number;
  /** Whether to include a bucket that begins before its section and extends into it. */
  readonly takesBegun: boolean;
}

/** A series and its sink. */
interface Target {
  readonly series: SeriesSelection;
  readonly sink: Sink;
}

const isState = ({ series }: Target): boolean =>
  series.name.metric === "wanctl_state";

/** Reads sections of a WAN into the sinks. */
export function* read(
  records: Records,
  wan: WanSeries,
  sections: readonly Section[],
  steps: Steps,
  targets: readonly Target[],
): Pieces<void> {
  for (const section of sections)
    if (section.tier === "raw") yield* readRaw(records, wan, section, targets);
    else yield* readRolled(records, wan, section, steps, targets);
}

function* readRaw(
  { cycles, samples }: Records,
  { id: wan }: WanSeries,
  { fromMs, toMs }: Section,
  targets: readonly Target[],
): Pieces<void> {
  const fields = new Set<RowField>();
  for (const { series } of targets)
    if (series.field !== null) fields.add(series.field);
  if (targets.some(isState)) fields.add("missed");
  const order = [...fields];
  if (fields.size > 0)
    for (const { at, values } of cycles.columns(wan, order, fromMs, toMs)) {
      for (const target of targets) {
        const { field } = target.series;
        if (field === null) continue;
        target.sink.values(
          at,
          values[order.indexOf(field)] ?? [],
          isState(target) ? values[order.indexOf("missed")] : undefined,
        );
      }
      yield;
    }
  const sparse = targets.filter(({ series }) => series.field === null);
  if (sparse.length === 0) return;
  const found = samples.between(wan, fromMs, toMs);
  for (const { series, sink } of sparse) {
    const own = found.filter((each) => each.series === series.id);
    sink.values(
      own.map(({ atMs }) => atMs),
      own.map(({ value }) => value),
      undefined,
    );
  }
  yield;
}

function* readRolled(
  { rolled }: Records,
  { id: wan }: WanSeries,
  { tier, fromMs, toMs }: Section,
  { originMs, stepMs, takesBegun }: Steps,
  targets: readonly Target[],
): Pieces<void> {
  if (tier === "raw") return;
  const known = new Map(
    targets.flatMap((target) =>
      target.series.id === null ? [] : [[target.series.id, target] as const],
    ),
  );
  const states = targets.filter(isState);
  const ownMs = unitMs({ tier, originMs, stepMs });
  const pieceMs = ownMs * Math.max(1, Math.floor(ROWS / (known.size + 1)));
  const begun = bucketStart(tier, fromMs);
  const isWhole = begun === fromMs || takesBegun;
  const first = isWhole ? begun : begun + STEP_MS[tier];
  for (let at = first; at < toMs;) {
    const nextMs = Math.floor((at + pieceMs) / ownMs) * ownMs;
    const stretch = {
      ...{ tier, wan, originMs, stepMs },
      ...{ fromMs: at, toMs: Math.min(toMs, nextMs) },
    };
    at = nextMs;
    const timeOf = (step: number) => originMs + step * stepMs;
    for (const [id, step, count, sum, min, max] of known.size > 0
      ? rolled.steps([...known.keys()], stretch)
      : [])
      known.get(id)?.sink.add(timeOf(step), { count, sum, min, max });
    if (states.length > 0)
      for (const { step, ms } of rolled.held(stretch))
        for (const { series, sink } of states)
          sink.hold(
            timeOf(step),
            ms[
              series.name.labels["direction"] === "upload"
                ? "upload"
                : "download"
            ],
          );
    yield;
  }
}

/** Figures in the unit of their metric, divided as in the views. For codes, `avg` is the one held longest. */
export function shownFigures(
  { name, divisor }: SeriesSelection,
  { count, sum, min, max, heldMs }: Figures,
): { readonly min: number; readonly avg: number; readonly max: number } {
  const mean = sum / (count * divisor);
  const code = stateHeldLongest(heldMs) ?? Math.round(mean);
  return {
    min: min / divisor,
    avg: name.unit === "code" ? code : mean,
    max: max / divisor,
  };
}
