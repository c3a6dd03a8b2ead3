import { type TimeRange } from "../../shared/contract/units.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import type { CycleFrame } from "../../shared/contract/frame.js";
import type { SeriesValues } from "../../shared/contract/history.js";
import { PERIOD_MS } from "../../shared/contract/row.js";
import { STATES } from "../../shared/contract/state.js";
import { isCycles } from "./span.js";
import { shadesOf, type WanData } from "./wan-data.js";

const isSame = (a: SeriesValues, b: SeriesValues): boolean =>
  a.metric === b.metric && a.labels["direction"] === b.labels["direction"];

/** Appends the later part of an answer to the earlier one. */
export function joined(
  before: readonly SeriesValues[],
  after: readonly SeriesValues[],
): readonly SeriesValues[] {
  const grown = before.map((series) => {
    const more = after.find((each) => isSame(each, series));
    return more === undefined ? series : appended(series, more);
  });
  const fresh = after.filter(
    (series) => !before.some((each) => isSame(each, series)),
  );
  return [...grown, ...fresh];
}

const LISTS = ["at", "min", "avg", "max", "count"] as const;

/** Rebuilds every list of a series; a step without times in states gets an empty list. */
function rebuilt(
  series: SeriesValues,
  make: <T>(list: (of: SeriesValues) => readonly T[]) => readonly T[],
): SeriesValues {
  const lists = Object.fromEntries(
    LISTS.map((name) => [name, make((of) => of[name])]),
  );
  if (series.metric !== "wanctl_state") return { ...series, ...lists };
  const stateMs = make((of) => of.stateMs ?? of.at.map(() => []));
  return { ...series, ...lists, stateMs };
}

const appended = (a: SeriesValues, b: SeriesValues): SeriesValues =>
  rebuilt(a, (list) => [...list(a), ...list(b)]);

/** The series without values before `fromMs`. */
function since(series: SeriesValues, fromMs: number): SeriesValues {
  const first = series.at.findIndex((at) => at >= fromMs);
  return first <= 0
    ? series
    : rebuilt(series, (list) => list(series).slice(first));
}

/** The share of a step for which the state was held, in tenths, rounded up; 1 if unknown. */
export function shareOf(
  code: number,
  heldMs: readonly number[] | undefined,
): number {
  const allMs = (heldMs ?? []).reduce((sum, ms) => sum + ms, 0);
  const share = allMs > 0 ? (heldMs?.[code] ?? allMs) / allMs : 1;
  return Math.ceil(10 * share) / 10;
}

/** Charts of single cycles are extended by live frames; coarser ones are reloaded. */
export const isFollowed = ({ bounds }: WanData): boolean => isCycles(bounds);

/** Appends newer frames and drops what is now before the bounds. */
export function followed(
  data: WanData,
  frames: readonly CycleFrame[],
  bounds: TimeRange,
): WanData {
  const newest = Math.max(...data.series.map(({ at }) => at.at(-1) ?? 0), 0);
  const newer = frames.filter(({ at }) => at > newest);
  const fresh = newer.flatMap(seriesIn);
  const series = fresh
    .reduce((all, one) => joined(all, [one]), data.series)
    .map((each) => since(each, bounds.fromMs));
  const lost = data.shades.filter(
    ({ word, toMs }) => word === "gap" && toMs > bounds.fromMs,
  );
  const holes = lost.map(({ fromMs, toMs }) => ({
    wan: data.wan,
    from: fromMs,
    to: toMs,
    frames: null,
    cause: "",
  }));
  return {
    ...data,
    bounds,
    series,
    shades: shadesOf(series, data.resolution, bounds, holes),
  };
}

/** A cycle holds one state for its whole period. */
const heldIn = (code: number): number[] =>
  STATES.map((_, each) => (each === code ? PERIOD_MS : 0));

/** The values of one frame in the shape of a history answer. */
function seriesIn(frame: CycleFrame): readonly SeriesValues[] {
  const one = (
    metric: string,
    value: number | null,
    labels: SeriesValues["labels"] = {},
  ): SeriesValues[] =>
    value === null
      ? []
      : [
          {
            wan: frame.source,
            metric,
            labels,
            unit: "",
            at: [frame.at],
            min: [value],
            avg: [value],
            max: [value],
            count: [1],
          },
        ];
  const thousandth = (value: number | null) =>
    value === null ? null : value / 1e3;
  return [
    ...one("wanctl_rtt_ms", thousandth(frame.rttUs)),
    ...one("wanctl_rtt_baseline_ms", thousandth(frame.baselineUs)),
    ...DIRECTIONS.flatMap((direction) => {
      const D = direction === "download" ? "Download" : "Upload";
      return [
        ...one("wanctl_state", frame[`state${D}`], { direction }).map(
          (state) => ({ ...state, stateMs: [heldIn(frame[`state${D}`])] }),
        ),
        ...one(
          `wanctl_load_${direction}_mbps`,
          thousandth(frame[`load${D}Kbps`]),
        ),
        ...one(
          `wanctl_rate_wanted_${direction}_mbps`,
          thousandth(frame[`wanted${D}Kbps`]),
        ),
        ...one(
          `wanctl_rate_${direction}_mbps`,
          thousandth(frame[`enforced${D}Kbps`]),
        ),
      ];
    }),
  ];
}
