import { type TimeRange } from "../../shared/contract/units.js";
import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import type {
  HistoryEvent,
  Hole,
  RangeAnswer,
  SeriesValues,
} from "../../shared/contract/history.js";
import type { Row } from "../../shared/contract/row.js";
import { TIER_MS, type TierName } from "../../shared/contract/tier.js";

/** TimeRange of a rate, in Mbit/s. */
interface Limits {
  readonly floor: number;
  readonly ceiling: number;
}

/** The limits of each direction in a configuration; a direction without limits is left out. */
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

/** Spacing of the values: old ones are stored in longer steps than requested. */
export interface ShownResolution {
  /** How long a value at this time is valid. */
  readonly ownMs: (atMs: number) => number;
  /** A longer distance to the next value is a gap. */
  readonly gapMs: (atMs: number) => number;
}

/** Single cycles may be late or missing; a second without any is a gap. */
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

/* Lines of one chart on a common time axis, as uPlot needs them. */

/** Values of one line, each at its own time. */
interface Line {
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** A value; null where the line breaks; undefined where only another line has a value. */
type Cell = number | null | undefined;

interface Aligned {
  readonly at: number[];
  readonly lines: Cell[][];
}

/** A line breaks at a gap. */
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

/** The line with a null after each value that a gap follows. */
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
    // duplicates and values out of order (a late cycle of a busy host) are skipped
    while ((line.at[i] ?? Infinity) < time) i++;
    return line.at[i] === time ? (line.values[i++] ?? null) : undefined;
  });
}

/** The recorder commits once a second: younger values are not missing yet. */
const LAG_MS = 3_000;

type Stretch = readonly [fromMs: number, toMs: number];

/** The stretches between bounds without data. */
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

/** The values of a WAN over a span, joined from all pages of the answer. */
export interface DataRange extends Pick<RangeAnswer, "metadata"> {
  readonly series: readonly SeriesValues[];
}

/** A span without data, and its label. */
export interface Shade extends TimeRange {
  readonly word: string;
}

/** What the charts of one WAN are drawn from. */
export interface WanData {
  readonly wan: string;
  readonly bounds: TimeRange;
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

/** The series of a metric; an empty one if the answer has none. */
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
  bounds: TimeRange,
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

/** Every span without cycles: "gap" if frames were lost, otherwise "no data". */
export function shadesOf(
  series: readonly SeriesValues[],
  resolution: ShownResolution,
  { fromMs, toMs }: TimeRange,
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
  // a gap shorter than a step leaves no step empty, but is shown
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

/** Items too close together to be drawn separately. */
export interface Cluster<T> {
  readonly at: number;
  readonly members: readonly T[];
}

/** Groups items (in any order) closer than `apartMs`; each cluster is at its first member, in order of time. */
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

/** The current state of one WAN. */
export interface WanPresent {
  readonly wan: string;
  readonly at: number | null;
  readonly isLive: boolean;
  readonly hasStopped: boolean;
  readonly isRouterUp: boolean | null;
  /** null before the first cycle */
  readonly values: Row | null;
  /** When each direction entered its state; null if unknown. */
  readonly since: Readonly<Record<Direction, number | null>>;
}
