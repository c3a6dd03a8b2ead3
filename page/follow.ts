import { DIRECTIONS } from "../shared/direction.js";
import type { CycleFrame } from "../shared/frame.js";
import type { SeriesValues } from "../shared/history.js";
import { joined } from "./series.js";
import { isCycles, type Bounds } from "./span.js";
import { shadesOf, type WanData } from "./wan-data.js";

/** Charts of single cycles go on with the frames that come; coarser ones are asked for again now and then. */
export const isFollowed = ({ bounds }: WanData): boolean => isCycles(bounds);

/** The data with newer frames behind them, and without what is now before their bounds. */
export function followed(
  data: WanData,
  frames: readonly CycleFrame[],
  bounds: Bounds,
): WanData {
  const newest = Math.max(...data.series.map(({ at }) => at.at(-1) ?? 0), 0);
  const newer = frames.filter(({ at }) => at > newest);
  const fresh = newer.flatMap(seriesIn);
  const series = fresh
    .reduce((all, one) => joined(all, [one]), data.series)
    .map((each) => without(each, bounds.fromMs));
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
    shades: shadesOf(series, data.pace, bounds, holes),
  };
}

function without(series: SeriesValues, fromMs: number): SeriesValues {
  const first = series.at.findIndex((at) => at >= fromMs);
  if (first <= 0) return series;
  const { at, min, avg, max, count } = series;
  return {
    ...series,
    at: at.slice(first),
    min: min.slice(first),
    avg: avg.slice(first),
    max: max.slice(first),
    count: count.slice(first),
  };
}

/** The values of one frame, as the history would have them. */
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
        ...one("wanctl_state", frame[`state${D}`], { direction }),
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
