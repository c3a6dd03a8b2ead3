import { MINUTE_MS, type TimeRange } from "../../shared/contract/units.js";
import type { CycleFrame } from "../../shared/contract/frame.js";
import type { Api, ApiReply } from "../data/api.js";
import { followed, isFollowed } from "../data/follow.js";
import { askConfig, askEvents, askRange, askSummary } from "../data/history.js";
import { boundsOf, isCycles, lengthOf, type ShownSpan } from "../data/span.js";
import { limitsIn, wanData, type WanData } from "../data/wan-data.js";
import type { Highlights } from "../text/highlights.js";
import type { PlotCallbacks } from "./plot.js";
import { openWanCharts, type WanCharts } from "./wan-charts.js";

/** The charts of all shown WANs, over the same span. */
interface ChartList {
  /** Loads a span; a later call aborts an earlier one. */
  load(span: ShownSpan, wans: readonly string[], nowMs: number): Promise<void>;
  hear(frame: CycleFrame): void;
  /** Appends new frames, if the span is live and shown cycle by cycle. */
  follow(nowMs: number): void;
  redraw(): void;
}

interface Line {
  readonly charts: WanCharts;
  data: WanData | null;
  recent: CycleFrame[];
}

/** Frames kept per WAN: 20 s, longer than a history query takes. */
const RECENT_MAX = 400;

/** Reload interval of live charts: one step, within 3 s and 60 s. */
export const renewalMs = (bounds: TimeRange): number =>
  isCycles(bounds)
    ? 15_000
    : Math.min(Math.max(lengthOf(bounds) / 300, 3_000), MINUTE_MS);

export function openChartList(
  api: Api,
  place: HTMLElement,
  highlights: Highlights,
  callbacks: PlotCallbacks,
): ChartList {
  const lines = new Map<string, Line>();
  let asked = new AbortController();
  let span: ShownSpan | null = null;
  let isNews = false;

  function arrange(wans: readonly string[]): void {
    for (const [wan, { charts }] of lines)
      if (!wans.includes(wan)) {
        charts.destroy();
        lines.delete(wan);
      }
    for (const wan of wans) {
      const charts =
        lines.get(wan)?.charts ?? openWanCharts(wan, place, callbacks);
      place.append(charts.element);
      if (!lines.has(wan)) lines.set(wan, { charts, data: null, recent: [] });
    }
  }

  async function loadLine(wan: string, bounds: TimeRange, signal: AbortSignal) {
    const isLeft = () => signal.aborted;
    const asking = askConfig(api, wan, bounds, signal);
    const range = await askRange(api, wan, bounds, signal);
    const line = lines.get(wan);
    if (isLeft() || line === undefined) return;
    line.charts.complain(complaintIn(range));
    if (range.kind !== "answer") return;
    const known = line.data?.limits ?? {};
    line.data = wanData(wan, bounds, range.body, known);
    line.charts.show(line.data);
    const config = await asking;
    if (config === null || isLeft()) return;
    line.data = { ...line.data, limits: limitsIn(config) };
    line.charts.show(line.data);
  }

  async function loadSummary(
    wans: readonly string[],
    bounds: TimeRange,
    signal: AbortSignal,
  ) {
    const summary = await askSummary(api, wans, bounds, signal);
    if (signal.aborted || summary.kind !== "answer") return;
    highlights.worst(summary.body);
    for (const { charts } of lines.values()) charts.summarise(summary.body);
  }

  async function loadEvents(
    wans: readonly string[],
    bounds: TimeRange,
    signal: AbortSignal,
  ) {
    const events = await askEvents(api, wans, bounds, signal);
    if (signal.aborted || events.kind !== "answer") return;
    highlights.events(events.body.data, events.body.metadata.next === null);
    for (const { charts } of lines.values()) charts.mark(events.body.data);
  }

  new ResizeObserver(() => {
    for (const { charts } of lines.values()) charts.fit();
  }).observe(place);

  return {
    async load(next, wans, nowMs) {
      asked.abort();
      asked = new AbortController();
      const { signal } = asked;
      span = next;
      arrange(wans);
      const bounds = boundsOf(next, nowMs);
      await Promise.all([
        ...wans.map((wan) => loadLine(wan, bounds, signal)),
        loadEvents(wans, bounds, signal),
      ]);
      // last: over a year the summary takes longer than all charts together
      if (!signal.aborted && wans.length > 0)
        await loadSummary(wans, bounds, signal);
    },
    hear(frame) {
      const line = lines.get(frame.source);
      if (line === undefined) return;
      isNews = true;
      line.recent.push(frame);
      if (line.recent.length > RECENT_MAX) line.recent.shift();
    },
    follow(nowMs) {
      if (span?.kind !== "last" || !isNews) return;
      isNews = false;
      const bounds = boundsOf(span, nowMs);
      for (const line of lines.values()) {
        const { charts, data, recent } = line;
        if (data === null || !isFollowed(data)) continue;
        line.data = followed(data, recent, bounds);
        charts.show(line.data);
      }
    },
    redraw() {
      for (const { charts } of lines.values()) charts.redraw();
    },
  };
}

const complaintIn = (outcome: ApiReply<unknown>): string | null =>
  outcome.kind === "refused" ? outcome.message : null;
