import type { Completeness, Hole } from "../../shared/contract/history.js";
import { PERIOD_MS } from "../../shared/contract/row.js";
import { type GapPlace, type GapRow, ROWS_MAX } from "../store/events.js";
import type { Records } from "../store/records.js";
import { cover, type Section } from "../tiers/section.js";
import { bucketStart } from "../tiers/tier.js";
import type { Span } from "./history.js";
import type { Pieces } from "./read.js";
import type { WanSeries } from "./series-selection.js";

const GAPS_SHOWN = 100;

/** Below this recorded share an answer is partial; cycles skipped by a busy host are not a loss. */
const COVERAGE_LEAST = 0.99;

/** A WAN whose newest cycle is not older than this counts as still recording. */
const LAG_MS = 5_000;

/** The sections each WAN's answer was read from. */
type Sources = readonly {
  readonly wan: WanSeries;
  readonly sections: readonly Section[];
}[];

/** How complete an answer is. @param asked the requested span, if the answer's was extended to whole steps */
export function* completeness(
  records: Records,
  { fromMs, toMs }: Span,
  sources: Sources,
  nowMs: number,
  asked: Span = { fromMs, toMs },
): Pieces<Completeness> {
  const wans = [];
  for (const { wan, sections } of sources)
    wans.push({
      wan: wan.name,
      ...(yield* coverage(records, wan, asked, nowMs)),
      since: wan.fromMs > asked.fromMs ? wan.fromMs : null,
      sections: sections.map(({ tier, ...span }) => ({
        tier,
        from: span.fromMs,
        to: span.toMs,
      })),
    });
  const names = new Set(wans.map(({ wan }) => wan));
  const { gaps, gapsTotal } = yield* holes(records, { fromMs, toMs }, names);
  const partial =
    gapsTotal > 0 ||
    wans.length === 0 ||
    wans.some((each) => each.recorded < COVERAGE_LEAST);
  return { from: fromMs, to: toMs, wans, gaps, gapsTotal, partial };
}

/** Recorded share of the expected cycles until now: since the WAN's history begins, and of the whole span. */
function* coverage(
  { cycles, rolled }: Records,
  wan: WanSeries,
  span: Span,
  nowMs: number,
): Pieces<{ readonly coverage: number; readonly recorded: number }> {
  const endMs = nowMs - wan.toMs <= LAG_MS ? wan.toMs : nowMs;
  const fromMs = Math.max(span.fromMs, wan.fromMs);
  const toMs = Math.min(span.toMs, Math.max(endMs, wan.toMs));
  if (fromMs >= toMs)
    return { coverage: span.toMs <= wan.fromMs ? 1 : 0, recorded: 0 };
  let [count, lengthMs] = [0, toMs - fromMs];
  for (const section of cover(fromMs, toMs, wan.kept)) {
    const { tier } = section;
    // a bucket that extends beyond the span is counted whole
    lengthMs += section.toMs - section.fromMs;
    lengthMs -= Math.min(toMs, section.toMs) - Math.max(fromMs, section.fromMs);
    if (tier === "raw")
      for (const some of cycles.counts(wan.id, section.fromMs, section.toMs)) {
        count += some;
        yield;
      }
    else {
      const steps = { originMs: 0, stepMs: 1 };
      const begin = bucketStart(tier, section.fromMs);
      count += rolled.cycles({
        ...section,
        ...steps,
        ...{ tier, wan: wan.id, fromMs: begin },
      });
      yield;
    }
  }
  const share = Math.min(1, (count * PERIOD_MS) / lengthMs);
  return {
    coverage: share,
    recorded: (share * (toMs - fromMs)) / (toMs - span.fromMs),
  };
}

const NEWEST: GapPlace = { source: Number.MAX_SAFE_INTEGER, fromSeq: 0 };

function* holes(
  { eventStore }: Records,
  { fromMs, toMs }: Span,
  wans: ReadonlySet<string>,
): Pieces<{ gaps: Hole[]; gapsTotal: number }> {
  const gaps: Hole[] = [];
  let gapsTotal = 0;
  for (let place: GapPlace | undefined = NEWEST; place !== undefined;) {
    const rows: GapRow[] = eventStore.gapsBefore(place);
    for (const row of rows) {
      if (!wans.has(row.wan) || !touches(row, { fromMs, toMs })) continue;
      gapsTotal++;
      if (gaps.length < GAPS_SHOWN) gaps.push(holeOf(row, toMs));
    }
    place = rows.length < ROWS_MAX ? undefined : rows.at(-1);
    yield;
  }
  return { gaps, gapsTotal };
}

/** Whether a gap overlaps a span. */
export const touches = (row: GapRow, { fromMs, toMs }: Span): boolean =>
  (row.fromMs ?? 0) < toMs && (row.toMs ?? Infinity) >= fromMs;

function holeOf(
  { wan, fromMs, toMs, fromSeq, toSeq, cause }: GapRow,
  endMs: number,
): Hole {
  const to = toMs ?? Math.max(endMs, fromMs ?? 0);
  const frames = toSeq === null ? null : toSeq - fromSeq + 1;
  return { wan, from: fromMs ?? to, to, frames, cause };
}
