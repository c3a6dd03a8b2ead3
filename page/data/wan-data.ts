import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import type {
  HistoryEvent,
  Hole,
  RangeAnswer,
  SeriesValues,
} from "../../shared/contract/history.js";
import type { Row } from "../../shared/contract/row.js";
import { TIER_MS, type TierName } from "../../shared/contract/tier.js";
import type { Bounds } from "./span.js";

/** Mbit/s between which a rate may move. */
interface Limits {
  readonly floor: number;
  readonly ceiling: number;
}

/** What a configuration says of each direction; a direction of which it says nothing is left out. */
export function limitsIn(
  config: HistoryEvent | null,
): Partial<Record<Direction, Limits>> {
  const file = config?.details["config"];
  return Object.fromEntries(
    DIRECTIONS.flatMap((direction) => {
      const limits = limitsOf(member(file, direction));
      return limits === null ? [] : [[direction, limits]];
    }),
  );
}

function limitsOf(group: unknown): Limits | null {
  const floor = member(group, "floor_mbps");
  const ceiling = member(group, "ceiling_mbps");
  return typeof floor === "number" && typeof ceiling === "number"
    ? { floor, ceiling }
    : null;
}

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** How densely values stand: old ones are kept at longer steps than are asked for. */
export interface ShownResolution {
  /** For how long a value of this time stands. */
  readonly ownMs: (atMs: number) => number;
  /** A value that comes later than this after one of this time is behind a gap. */
  readonly gapMs: (atMs: number) => number;
}

/** Cycles come late, and some never: a second without any is a gap. */
const CYCLES_GAP_MS = 1_000;

/** @param stepMs null: single cycles. @param sections what the values are made of, in order */
export function resolutionOf(
  stepMs: number | null,
  sections: readonly { readonly tier: TierName; readonly from: number }[],
): ShownResolution {
  const ownMs = (atMs: number) => {
    const { tier } = sections.findLast(({ from }) => from <= atMs) ??
      sections[0] ?? { tier: "raw" };
    return Math.max(stepMs ?? 0, TIER_MS[tier]);
  };
  return {
    ownMs,
    gapMs: (atMs) => Math.max(CYCLES_GAP_MS, ownMs(atMs) * 1.5),
  };
}

/** Lines of one chart on one time axis, as the chart library wants them. */

/** Values of one line, each at its own time. */
interface Line {
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** A value, null where the line ends, undefined where it goes on but another line has a value. */
type Cell = number | null | undefined;

interface Aligned {
  readonly at: number[];
  readonly lines: Cell[][];
}

/** A line is broken where its next value is behind a gap. */
export function align(
  lines: readonly Line[],
  { gapMs }: Pick<ShownResolution, "gapMs">,
): Aligned {
  const broken = lines.map((line) => withEnds(line, gapMs));
  const at = [...new Set(broken.flatMap((line) => line.at))].sort(
    (a, b) => a - b,
  );
  return { at, lines: broken.map((line) => spread(line, at)) };
}

/** The line with a null behind each value after which nothing comes for a while. */
function withEnds({ at, values }: Line, gapMs: ShownResolution["gapMs"]) {
  const ended = { at: [] as number[], values: [] as (number | null)[] };
  const put = (time: number, value: number | null) => {
    ended.at.push(time);
    ended.values.push(value);
  };
  at.forEach((time, i) => {
    put(time, values[i] ?? null);
    const next = at[i + 1];
    if (next !== undefined && next - time > gapMs(time)) put(time + 1, null);
  });
  return ended;
}

function spread(
  line: { at: readonly number[]; values: readonly (number | null)[] },
  at: readonly number[],
): Cell[] {
  let i = 0;
  return at.map((time) => {
    // of two at one instant the first counts, and values out of order are left out: one cycle of a busy host was late
    while ((line.at[i] ?? Infinity) < time) i++;
    return line.at[i] === time ? (line.values[i++] ?? null) : undefined;
  });
}

/** The recorder commits once a second: what is younger than that is on its way. */
const LAG_MS = 3_000;

/** From and to. */
type Stretch = readonly [fromMs: number, toMs: number];

/** The stretches between bounds where there is nothing. Each time stands for a step, or for as long as a line goes on. */
export function blanks(
  at: readonly number[],
  { ownMs, gapMs }: ShownResolution,
  fromMs: number,
  toMs: number,
): Stretch[] {
  const found: Stretch[] = [];
  let until = fromMs;
  for (const time of at) {
    if (time - until > gapMs(time) - ownMs(time)) found.push([until, time]);
    until = Math.max(until, time + ownMs(time));
  }
  if (toMs - until > Math.max(gapMs(toMs), LAG_MS)) found.push([until, toMs]);
  return found;
}

/** A WAN's values over a time, of however many answers. */
export interface DataRange extends Pick<RangeAnswer, "metadata"> {
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
  readonly resolution: ShownResolution;
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
export const findSeries = (
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
  { metadata, series }: DataRange,
  limits: WanData["limits"],
): WanData {
  const { stepMs, gaps, wans } = metadata;
  const sections = wans.find((each) => each.wan === wan)?.sections ?? [];
  const resolution = resolutionOf(stepMs, sections);
  return {
    wan,
    bounds,
    resolution,
    series,
    limits,
    shades: shadesOf(
      series,
      resolution,
      bounds,
      gaps.filter((gap) => gap.wan === wan),
    ),
  };
}

/** Every time without a cycle; one of lost frames says so, for they were sent. */
export function shadesOf(
  series: readonly SeriesValues[],
  resolution: ShownResolution,
  { fromMs, toMs }: Bounds,
  holes: readonly Hole[],
): readonly Shade[] {
  const { at } = findSeries({ series }, "wanctl_state", "download");
  const silent = blanks(at, resolution, fromMs, toMs).map(([from, to]) => ({
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

/** Things that stand too close together to be told apart, as one. */
export interface Cluster<T> {
  readonly at: number;
  readonly members: readonly T[];
}

/** Marks no two of which are nearer than `apartMs`; each stands at its first member. In any order, out in that of time. */
export function clusters<T extends { readonly at: number }>(
  things: readonly T[],
  apartMs: number,
): readonly Cluster<T>[] {
  const found: { at: number; members: T[] }[] = [];
  for (const thing of [...things].sort((a, b) => a.at - b.at)) {
    const last = found.at(-1);
    if (last !== undefined && thing.at - last.at < apartMs)
      last.members.push(thing);
    else found.push({ at: thing.at, members: [thing] });
  }
  return found;
}

/** One WAN as it is at this moment. */
export interface WanPresent {
  readonly wan: string;
  readonly at: number | null;
  readonly isLive: boolean;
  readonly hasStopped: boolean;
  readonly isRouterUp: boolean | null;
  /** null before its first */
  readonly values: Row | null;
  /** When each direction came into its state, null where that is not known. */
  readonly since: Readonly<Record<Direction, number | null>>;
}
