import { DIRECTIONS } from "../../shared/contract/direction.js";
import type {
  HistoryEvent,
  SummaryAnswer,
} from "../../shared/contract/history.js";
import { findSeries, type WanData } from "../data/wan-data.js";
import { make, say } from "../dom.js";
import {
  lineSummary,
  NOTHING,
  recordedInWords,
  rttSummary,
  stateSummary,
} from "../text/summaries.js";
import { mbps } from "../text/words.js";
import { openMarks } from "./marks.js";
import {
  type PlotCallbacks,
  openPlot,
  type Plot,
  type PlotKind,
} from "./plot.js";
import { ratePlot, rttPlot } from "./rates-and-rtt.js";
import { statePlot } from "./state-plot.js";

/** All charts of one WAN. */
export interface WanCharts {
  readonly element: HTMLElement;
  show(data: WanData): void;
  mark(events: readonly HistoryEvent[]): void;
  summarise(summary: SummaryAnswer): void;
  /** Shows an error above the charts; null clears it. */
  complain(message: string | null): void;
  fit(): void;
  redraw(): void;
  destroy(): void;
}

/** A chart and its caption: the value under the cursor, otherwise a summary. */
function openFigure(title: string, unit: string) {
  const words = make("span", { class: "words" });
  const caption = make(
    "figcaption",
    {},
    make("b", {}, title),
    ` ${unit} `,
    words,
  );
  const element = make("figure", {}, caption);
  let summary = "";
  return {
    element,
    summarise(text: string) {
      summary = text;
      say(words, text);
    },
    point: (text: string | null) => say(words, text ?? summary),
  };
}

export function openWanCharts(
  wan: string,
  place: HTMLElement,
  callbacks: PlotCallbacks,
): WanCharts {
  const { colour } = callbacks;
  const rtt = openFigure("RTT", "");
  const states = openFigure("State", "");
  const rates = DIRECTIONS.map((direction) => ({
    direction,
    figure: openFigure(
      direction === "download" ? "Download" : "Upload",
      "Mbit/s",
    ),
  }));
  const trouble = make("p", { class: "trouble", role: "alert" });
  const partial = make("p", { class: "partial" });
  trouble.hidden = true;
  const element = make(
    "section",
    { class: "wan", "aria-label": `History of ${wan}` },
    make("h2", {}, wan),
    trouble,
    partial,
  );
  place.append(element);
  for (const { element: figure } of [
    rtt,
    states,
    ...rates.map((r) => r.figure),
  ])
    element.append(figure);

  const marks = openMarks(rtt.element, wan);
  const draw = (figure: ReturnType<typeof openFigure>, kind: PlotKind) =>
    openPlot(figure.element, kind, callbacks, figure.point);
  const plots: readonly Plot[] = [
    draw(rtt, rttPlot(colour)),
    draw(states, statePlot(colour)),
    ...rates.map(({ direction, figure }) =>
      draw(figure, ratePlot(direction, colour)),
    ),
  ];
  let data: WanData | null = null;
  let events: readonly HistoryEvent[] = [];

  function rateTallies(now: WanData): void {
    for (const { direction, figure } of rates) {
      const of = (name: string) =>
        lineSummary(findSeries(now, `wanctl_${name}_${direction}_mbps`));
      const [load, rate] = [of("load"), of("rate")];
      const text = (name: string, summary: ReturnType<typeof lineSummary>) =>
        summary === null
          ? `${name} unknown`
          : `${name} ${mbps(summary.min)} to ${mbps(summary.max)}, mean ${mbps(summary.avg)}`;
      // every cycle has a state
      const isEmpty =
        findSeries(now, "wanctl_state", direction).at.length === 0;
      figure.summarise(
        isEmpty ? NOTHING : `${text("load", load)}; ${text("rate", rate)}`,
      );
    }
  }

  const remark = () => data && marks.show(events, data.bounds);
  return {
    element,
    show(now) {
      data = now;
      for (const plot of plots) plot.show(now);
      rateTallies(now);
      remark();
    },
    mark(found) {
      events = found.filter((event) => event.wan === wan);
      remark();
    },
    summarise(summary) {
      rtt.summarise(rttSummary(summary, wan));
      states.summarise(stateSummary(summary, wan));
      const { gaps, partial: isPartial, wans } = summary.metadata;
      const found = wans.find((each) => each.wan === wan);
      const lost = gaps.filter((gap) => gap.wan === wan);
      const isWhole = !isPartial || found?.recorded === 1;
      // the line is always present, so that the layout does not shift
      say(
        partial,
        isWhole
          ? ""
          : `${recordedInWords(found)}${lost.length === 0 ? "" : ` Frames were lost ${lost.length === 1 ? "once" : `${lost.length} times`}: ${[...new Set(lost.map(({ cause }) => cause))].join(", ")}.`}`,
      );
    },
    complain(message) {
      trouble.hidden = message === null;
      say(trouble, message ?? "");
    },
    fit() {
      for (const plot of plots) plot.resize(element.clientWidth);
      remark();
    },
    redraw: () => plots.forEach((plot) => plot.redraw()),
    destroy() {
      for (const plot of plots) plot.destroy();
      element.remove();
    },
  };
}
