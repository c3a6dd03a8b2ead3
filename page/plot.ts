import type { Ink } from "./ink.js";
import { drawShades } from "./shades.js";
import type { Bounds } from "./span.js";
import { touchSelect } from "./touch.js";
import uPlot from "./uplot.js";
import { tickLabels } from "./words.js";
import type { WanData } from "./wan-data.js";

/** One chart: what all of them have in common. */
export interface Plot {
  show(data: WanData): void;
  resize(width: number): void;
  redraw(): void;
  destroy(): void;
}

/** What makes a chart this one and not another. */
export interface PlotKind {
  readonly height: number;
  readonly hasTimeAxis: boolean;
  readonly series: uPlot.Series[];
  readonly bands?: uPlot.Band[];
  readonly y: uPlot.Axis;
  readonly scale: uPlot.Scale;
  columns(data: WanData): uPlot.AlignedData;
  /** More than lines, above them. */
  draw?(plot: uPlot, data: WanData): void;
  /** What is under the cursor; null where nothing is. */
  words(plot: uPlot, index: number): string | null;
}

/** Where charts tell of the pointer. */
export interface Hands {
  readonly ink: Ink;
  readonly select: (bounds: Bounds) => void;
}

/** All charts have one cursor. */
const CURSOR = uPlot.sync("time");

/** Room for the numbers of the y axis: the same in all charts, so that their times stand above each other. */
export const AXIS_PX = 52;
/** Half a label of the time axis. */
export const RIGHT_PX = 26;

export function openPlot(
  place: HTMLElement,
  kind: PlotKind,
  { ink, select }: Hands,
  point: (words: string | null) => void,
): Plot {
  let data: WanData | null = null;

  const plot = new uPlot(
    {
      width: Math.max(place.clientWidth, 200),
      height: kind.height,
      ms: 1,
      legend: { show: false },
      padding: [6, RIGHT_PX, kind.hasTimeAxis ? 0 : 6, 0],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        sync: { key: CURSOR.key, scales: ["x", null] },
        points: { show: false },
      },
      series: [{}, ...kind.series],
      ...(kind.bands && { bands: kind.bands }),
      scales: { x: { time: true, auto: false }, y: kind.scale },
      axes: [
        {
          show: kind.hasTimeAxis,
          stroke: () => ink("quiet"),
          font: "11px system-ui",
          lineGap: 1.2,
          size: 38,
          // at least three on a phone
          space: (self) => Math.min(72, self.width / 6),
          grid: { stroke: () => ink("line"), width: 1 },
          ticks: { stroke: () => ink("line"), width: 1, size: 4 },
          values: (_, splits, __, ___, apartMs) => tickLabels(splits, apartMs),
        },
        {
          size: AXIS_PX,
          stroke: () => ink("quiet"),
          font: "11px system-ui",
          grid: { stroke: () => ink("line"), width: 1 },
          ticks: { show: false },
          ...kind.y,
        },
      ],
      hooks: {
        drawAxes: [(self) => data && drawShades(self, data.shades, ink)],
        draw: [(self) => data && kind.draw?.(self, data)],
        setCursor: [(self) => point(under(self, kind))],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < 3) return;
            const fromMs = self.posToVal(left, "x");
            const toMs = self.posToVal(left + width, "x");
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            select({ fromMs, toMs });
          },
        ],
      },
      plugins: [touchSelect()],
    },
    undefined,
    place,
  );

  return {
    show(next) {
      data = next;
      const { fromMs, toMs } = next.bounds;
      plot.batch(() => {
        plot.setData(kind.columns(next), false);
        plot.setScale("x", { min: fromMs, max: Math.max(toMs, fromMs + 1) });
      });
    },
    resize: (width) => plot.setSize({ width, height: kind.height }),
    redraw: () => plot.redraw(false, false),
    destroy: () => plot.destroy(),
  };
}

function under(plot: uPlot, kind: PlotKind): string | null {
  const { idx } = plot.cursor;
  return idx === null || idx === undefined ? null : kind.words(plot, idx);
}
