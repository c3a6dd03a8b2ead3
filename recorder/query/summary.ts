import type { SummaryAnswer } from "../../shared/contract/history.js";
import { STATES } from "../../shared/contract/state.js";
import { DAY_MS, MINUTE_MS } from "../../shared/contract/units.js";
import type { Records } from "../store/records.js";
import { cover, type Section, sections } from "../tiers/section.js";
import { STEP_MS, type Tier } from "../tiers/tier.js";
import { completeness } from "./completeness.js";
import type { Selection, Span } from "./history.js";
import {
  quantilesBy,
  quantilesOf,
  quantilesOfHeld,
  withinBounds,
} from "./quantiles.js";
import { openSteps, type Pieces, read, shownFigures } from "./read.js";
import {
  demandMetrics,
  selectSeries,
  type WanSeries,
  wansOf,
} from "./series-selection.js";

const WORST_SHOWN = 10;

/** Minutes read at once. */
const WORST_WINDOW = 10_000;

type Worst = SummaryAnswer["metadata"]["worst"][number];
type Held = SummaryAnswer["metadata"]["states"][number];

/** Summary statistics of a span. */
export function* summary(
  records: Records,
  query: Selection,
  nowMs: number,
): Pieces<SummaryAnswer> {
  demandMetrics(query.metrics ?? []);
  const data: SummaryAnswer["data"][number][] = [];
  const states: Held[] = [];
  const worst: Worst[] = [];
  const sources: { wan: WanSeries; sections: readonly Section[] }[] = [];
  for (const wan of wansOf(records, query.wans, query.toMs)) {
    const fromMs = Math.max(query.fromMs, wan.fromMs);
    const toMs = Math.min(query.toMs, wan.toMs);
    const parts = fromMs < toMs ? cover(fromMs, toMs, wan.kept) : [];
    sources.push({ wan, sections: parts });
    for (const row of yield* rows(records, wan, query.metrics, parts))
      data.push(row);
    for (const held of yield* statesOf(records, wan, parts)) states.push(held);
    if (fromMs < toMs)
      for (const each of yield* worstOf(records, wan, { fromMs, toMs }))
        worst.push(each);
  }
  return {
    data,
    metadata: {
      ...(yield* completeness(records, query, sources, nowMs)),
      states,
      worst: worstFirst(worst),
    },
  };
}

/** One step for the whole span. */
const WHOLE = {
  originMs: 0,
  // a multiple of a day, so that buckets of a day can be used
  stepMs: 2 ** 26 * DAY_MS,
  takesBegun: true,
};

function* rows(
  records: Records,
  wan: WanSeries,
  metrics: Selection["metrics"],
  parts: readonly Section[],
): Pieces<SummaryAnswer["data"]> {
  const targets = selectSeries(records, wan, metrics).map((series) => ({
    series,
    sink: openSteps(0, WHOLE.stepMs, 1),
  }));
  yield* read(records, wan, parts, WHOLE, targets);
  const data: SummaryAnswer["data"][number][] = [];
  for (const { series, sink } of targets) {
    const [figures] = sink.figures();
    if (figures === undefined) continue;
    const { count, heldMs } = figures;
    const { min, avg, max } = shownFigures(series, figures);
    const quantiles =
      heldMs.length > 0
        ? quantilesOfHeld(heldMs)
        : series.field === null
          ? quantilesBy(() => null)
          : yield* quantilesOf(records, wan, series, parts);
    const within = withinBounds(quantiles, min, max);
    data.push({ ...series.name, count, min, avg, max, ...within });
  }
  return data;
}

function* statesOf(
  records: Records,
  wan: WanSeries,
  parts: readonly Section[],
): Pieces<Held[]> {
  const targets = selectSeries(records, wan, ["state"]).map((series) => ({
    series,
    sink: openSteps(0, WHOLE.stepMs, 1),
  }));
  yield* read(records, wan, parts, WHOLE, targets);
  return targets.flatMap(({ series, sink }): Held[] => {
    const [figures] = sink.figures();
    if (figures === undefined) return [];
    const direction =
      series.name.labels["direction"] === "upload" ? "upload" : "download";
    const ms = Object.fromEntries(
      STATES.map((state, code) => [state, figures.heldMs[code] ?? 0]),
    ) as Held["ms"];
    return [{ wan: wan.name, direction, ms }];
  });
}

/** The minutes with the greatest mean delta; where minutes have expired, the coarser buckets. */
function* worstOf(
  records: Records,
  wan: WanSeries,
  span: Span,
): Pieces<Worst[]> {
  const [series] = selectSeries(records, wan, ["wanctl_rtt_delta_ms"]);
  if (series === undefined) return [];
  const lengthMs = WORST_WINDOW * MINUTE_MS;
  let worst: Worst[] = [];
  const first = Math.floor(span.fromMs / MINUTE_MS) * MINUTE_MS;
  for (let at = first; at < span.toMs; at += lengthMs) {
    const fromMs = Math.max(at, span.fromMs);
    const toMs = Math.min(at + lengthMs, span.toMs);
    const steps = { originMs: at, stepMs: MINUTE_MS };
    const sink = openSteps(at, MINUTE_MS, WORST_WINDOW);
    const parts = sections(fromMs, toMs, MINUTE_MS, wan.kept);
    yield* read(records, wan, parts, { ...steps, takesBegun: at === first }, [
      { series, sink },
    ]);
    const tierAt = (ms: number): Tier =>
      parts.findLast((part) => part.fromMs <= ms)?.tier ??
      parts[0]?.tier ??
      "raw";
    const found = sink.figures().map((figures): Worst => {
      const { avg, max } = shownFigures(series, figures);
      const tier = tierAt(figures.atMs);
      return {
        wan: wan.name,
        at: figures.atMs,
        deltaAvgMs: avg,
        deltaMaxMs: max,
        minutes: tier === "raw" ? 1 : STEP_MS[tier] / MINUTE_MS,
      };
    });
    worst = worstFirst([...worst, ...found]);
    yield;
  }
  return worst;
}

const worstFirst = (all: readonly Worst[]): Worst[] =>
  [...all]
    .sort((a, b) => b.deltaAvgMs - a.deltaAvgMs || a.at - b.at)
    .slice(0, WORST_SHOWN);
