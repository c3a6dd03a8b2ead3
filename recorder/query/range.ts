import type {
  RangeAnswer,
  SeriesValues,
} from "../../shared/contract/history.js";
import type { Records } from "../store/records.js";
import { sections, stepFor } from "../tiers/section.js";
import { completeness } from "./completeness.js";
import { QueryError, type RangeQuery, type Span } from "./history.js";
import {
  openSingles,
  openSteps,
  type Pieces,
  read,
  shownFigures,
  type Sink,
} from "./read.js";
import {
  demandMetrics,
  selectSeries,
  type WanSeries,
  wansOf,
  type SeriesSelection,
} from "./series-selection.js";

/** Maximum number of values in one answer, of all series together: a few megabytes. */
const VALUES_MAX = 100_000;

/** Nominal cycles per second. */
const CYCLES_A_SECOND = 20;

interface Part {
  readonly wan: WanSeries;
  readonly series: readonly SeriesSelection[];
}

/** Values over time; the pages are consecutive parts of the range. */
export function* range(
  records: Records,
  query: RangeQuery,
  nowMs: number,
  valuesMax = VALUES_MAX,
): Pieces<RangeAnswer> {
  demandMetrics(query.metrics ?? []);
  const stepMs = stepOf(query);
  const span = stepMs === null ? query : whole(query, stepMs);
  const parts = wansOf(records, query.wans, span.toMs).map((wan) => ({
    wan,
    series: selectSeries(records, wan, query.metrics),
  }));
  const lines = parts.flatMap(({ wan, series }) =>
    series.map((each) => ({ wan, each, values: emptyValues(each) })),
  );
  const windowMs = windowFor(stepMs, valuesMax / 2 / Math.max(1, lines.length));
  const beginMs = beginOf(query, span, stepMs);
  const lastMs = Math.min(
    span.toMs,
    Math.max(0, ...parts.map(({ wan }) => wan.toMs)),
  );
  const firstMs = Math.min(lastMs, ...parts.map(({ wan }) => wan.fromMs));
  let returned = 0;
  let at = Math.max(beginMs, floor(firstMs, stepMs));
  while (at < lastMs && returned <= valuesMax / 2) {
    const window = { fromMs: at, toMs: Math.min(span.toMs, at + windowMs) };
    const before = returned;
    for (const part of parts) {
      const takesBegun = at <= span.fromMs;
      const found = yield* valuesOf(records, part, window, stepMs, takesBegun);
      for (const { series, sink } of found) {
        const line = lines.find(({ each }) => each === series);
        if (line !== undefined) returned += append(line.values, series, sink);
        yield;
      }
    }
    at =
      returned > before
        ? window.toMs
        : nextOf(records, parts, window.toMs, stepMs);
  }
  const sources = parts.map(({ wan }) => ({
    wan,
    sections: sectionsOf(wan, span, stepMs),
  }));
  return {
    data: lines.flatMap(({ values }) => (values.at.length > 0 ? [values] : [])),
    metadata: {
      ...(yield* completeness(records, span, sources, nowMs, query)),
      stepMs,
      returned,
      next: at < lastMs ? `${at}.${stepMs ?? 0}` : null,
    },
  };
}

/** Start of the next non-empty step from an instant on; Infinity if there is none. */
function nextOf(
  records: Records,
  parts: readonly Part[],
  fromMs: number,
  stepMs: number | null,
): number {
  const firstMs = Math.min(
    ...parts.map(({ wan }) => records.firstMs(wan.id, fromMs) ?? Infinity),
  );
  return Math.max(fromMs, floor(firstMs, stepMs));
}

function* valuesOf(
  records: Records,
  { wan, series }: Part,
  window: Span,
  stepMs: number | null,
  takesBegun: boolean,
) {
  const { fromMs, toMs } = window;
  const targets = series.map((each) => ({
    series: each,
    sink:
      stepMs === null
        ? openSingles()
        : openSteps(fromMs, stepMs, Math.ceil((toMs - fromMs) / stepMs)),
  }));
  const steps = { originMs: fromMs, stepMs: stepMs ?? 1, takesBegun };
  const from = sectionsOf(wan, window, stepMs);
  yield* read(records, wan, from, steps, targets);
  return targets;
}

/** The sections of a window, clipped to the history of the WAN. */
const sectionsOf = (
  wan: WanSeries,
  { fromMs, toMs }: Span,
  stepMs: number | null,
) =>
  sections(
    Math.max(fromMs, floor(wan.fromMs, stepMs)),
    Math.min(toMs, wan.toMs),
    stepMs ?? 1,
    wan.kept,
  );

const floor = (ms: number, stepMs: number | null): number =>
  Math.floor(ms / (stepMs ?? 1)) * (stepMs ?? 1);

/** The span extended to whole steps. */
const whole = ({ fromMs, toMs }: Span, stepMs: number): Span => ({
  fromMs: floor(fromMs, stepMs),
  toMs: Math.ceil(toMs / stepMs) * stepMs,
});

function stepOf({ resolution, fromMs, toMs, cursor }: RangeQuery) {
  if (cursor !== undefined) {
    const [, step = NaN] = cursor.split(".").map(Number);
    return step === 0 ? null : step;
  }
  if (resolution === "cycle") return null;
  return "stepMs" in resolution
    ? resolution.stepMs
    : stepFor(toMs - fromMs, resolution.points);
}

function beginOf({ cursor }: RangeQuery, span: Span, stepMs: number | null) {
  if (cursor === undefined) return span.fromMs;
  const [at = NaN, step = NaN, rest] = cursor.split(".").map(Number);
  const isOurs =
    rest === undefined &&
    Number.isSafeInteger(at + step) &&
    at % (stepMs ?? 1) === 0 &&
    at > span.fromMs &&
    at < span.toMs;
  if (isOurs) return at;
  throw new QueryError("cursor", "must be the 'next' of this query", cursor);
}

/** Length of a window that holds at most half an answer. */
function windowFor(stepMs: number | null, values: number): number {
  return stepMs === null
    ? Math.ceil((values / CYCLES_A_SECOND) * 1e3)
    : Math.max(1, Math.floor(values)) * stepMs;
}

type Lists = { -readonly [K in keyof SeriesValues]: SeriesValues[K] } & {
  at: number[];
  min: number[];
  avg: number[];
  max: number[];
  count: number[];
  stateMs?: (readonly number[])[];
};

const emptyValues = ({ name }: SeriesSelection): Lists => ({
  ...name,
  ...{ at: [], min: [], avg: [], max: [], count: [] },
  ...(name.metric === "wanctl_state" ? { stateMs: [] } : {}),
});

/** @returns the number of values appended */
function append(lists: Lists, series: SeriesSelection, sink: Sink): number {
  const figures = sink.figures();
  for (const each of figures) {
    const { min, avg, max } = shownFigures(series, each);
    lists.at.push(each.atMs);
    lists.min.push(min);
    lists.avg.push(avg);
    lists.max.push(max);
    lists.count.push(each.count);
    lists.stateMs?.push(each.heldMs);
  }
  return figures.length;
}
