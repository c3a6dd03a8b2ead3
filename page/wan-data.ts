import type { Direction } from "../shared/contract/direction.js";
import type {
  Hole,
  RangeAnswer,
  SeriesValues,
} from "../shared/contract/history.js";
import { blanks } from "./align.js";
import type { Limits } from "./limits.js";
import { type Pace, paceOf } from "./pace.js";
import type { Bounds } from "./span.js";

/** A WAN's values over a time, of however many answers. */
export interface Range extends Pick<RangeAnswer, "metadata"> {
  readonly series: readonly SeriesValues[];
}

/** A time without data, and what it is called. */
export interface Shade {
  readonly fromMs: number;
  readonly toMs: number;
  readonly word: string;
}

/** What the charts of one WAN are drawn from. */
export interface WanData {
  readonly wan: string;
  readonly bounds: Bounds;
  readonly pace: Pace;
  readonly series: readonly SeriesValues[];
  readonly shades: readonly Shade[];
  readonly limits: Partial<Record<Direction, Limits>>;
}

const NOTHING: SeriesValues = {
  wan: "",
  metric: "",
  labels: {},
  unit: "",
  at: [],
  min: [],
  avg: [],
  max: [],
  count: [],
};

/** The values of a metric; none where the answer has none. */
export const seriesOf = (
  { series }: Pick<WanData, "series">,
  metric: string,
  direction?: Direction,
): SeriesValues =>
  series.find(
    (each) =>
      each.metric === metric &&
      (direction === undefined || each.labels["direction"] === direction),
  ) ?? NOTHING;

export function wanData(
  wan: string,
  bounds: Bounds,
  { metadata, series }: Range,
  limits: WanData["limits"],
): WanData {
  const { stepMs, gaps, wans } = metadata;
  const sections = wans.find((each) => each.wan === wan)?.sections ?? [];
  const pace = paceOf(stepMs, sections);
  return {
    wan,
    bounds,
    pace,
    series,
    limits,
    shades: shadesOf(
      series,
      pace,
      bounds,
      gaps.filter((gap) => gap.wan === wan),
    ),
  };
}

/** Every time without a cycle; one of lost frames says so, for they were sent. */
export function shadesOf(
  series: readonly SeriesValues[],
  pace: Pace,
  { fromMs, toMs }: Bounds,
  holes: readonly Hole[],
): readonly Shade[] {
  const { at } = seriesOf({ series }, "wanctl_state", "download");
  const silent = blanks(at, pace, fromMs, toMs).map(([from, to]) => ({
    fromMs: from,
    toMs: to,
    word: holes.some((hole) => hole.from < to && hole.to > from)
      ? "gap"
      : "no data",
  }));
  // a gap shorter than a step leaves no step empty, but is one
  const short = holes
    .filter(
      (hole) =>
        !silent.some(
          ({ fromMs, toMs }) => hole.from < toMs && hole.to > fromMs,
        ),
    )
    .map(({ from, to }) => ({ fromMs: from, toMs: to, word: "gap" }));
  return [...silent, ...short];
}
