import { type TimeRange } from "../../shared/contract/units.js";
import type { Shade, WanData } from "../data/wan-data.js";
import { tickLabels } from "../text/words.js";
import type { CssColours } from "./css-colours.js";
import uPlot from "./uplot.js";

/** Hatches spans without data, labelled where the label fits. */
function drawShades(
  plot: uPlot,
  shades: readonly Shade[],
  colour: CssColours,
): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { fromMs, toMs, word } of shades) {
    const left = plot.valToPos(fromMs, "x", true);
    const width = Math.max(
      2 * uPlot.pxRatio,
      plot.valToPos(toMs, "x", true) - left,
    );
    ctx.fillStyle = hatch(ctx, colour("line"));
    ctx.fillRect(left, bbox.top, width, bbox.height);
    writeWord(plot, word, left, width, colour);
  }
  ctx.restore();
}

function writeWord(
  { ctx, bbox }: uPlot,
  word: string,
  left: number,
  width: number,
  colour: CssColours,
): void {
  const visibleLeft = Math.max(left, bbox.left);
  const visible = Math.min(left + width, bbox.left + bbox.width) - visibleLeft;
  ctx.font = `${11 * uPlot.pxRatio}px system-ui`;
  const size = ctx.measureText(word).width + 8 * uPlot.pxRatio;
  if (size > visible) return;
  const [x, y] = [visibleLeft + visible / 2, bbox.top + bbox.height / 2];
  const half = Math.min(9 * uPlot.pxRatio, bbox.height / 2);
  ctx.fillStyle = colour("page");
  ctx.fillRect(x - size / 2, y - half, size, 2 * half);
  ctx.fillStyle = colour("quiet");
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(word, x, y);
}

function hatch(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern {
  const tile = document.createElement("canvas");
  const size = 6 * uPlot.pxRatio;
  tile.width = tile.height = size;
  const paint = tile.getContext("2d") as CanvasRenderingContext2D;
  paint.strokeStyle = colour;
  paint.lineWidth = uPlot.pxRatio;
  paint.moveTo(0, size);
  paint.lineTo(size, 0);
  paint.stroke();
  return ctx.createPattern(tile, "repeat") as CanvasPattern;
}

/** A horizontal swipe selects a span, as a mouse drag does; a vertical one still scrolls the page. */
function touchSelect(): uPlot.Plugin {
  return { hooks: { ready: listen } };
}

function listen(plot: uPlot): void {
  const { over } = plot;
  let begunAt: number | null = null;
  const placeOf = ({ clientX }: PointerEvent) => {
    const { left, width } = over.getBoundingClientRect();
    return Math.min(Math.max(clientX - left, 0), width);
  };
  const selection = (x: number) => ({
    left: Math.min(begunAt ?? x, x),
    width: Math.abs(x - (begunAt ?? x)),
    top: 0,
    height: over.clientHeight,
  });
  const isFinger = ({ pointerType }: PointerEvent) => pointerType === "touch";

  over.addEventListener("pointerdown", (event) => {
    if (isFinger(event)) begunAt = placeOf(event);
  });
  over.addEventListener("pointermove", (event) => {
    if (!isFinger(event)) return;
    const x = placeOf(event);
    plot.setCursor({ left: x, top: 0 });
    if (begunAt !== null) plot.setSelect(selection(x), false);
  });
  over.addEventListener("pointerup", (event) => {
    if (begunAt === null) return;
    const chosen = selection(placeOf(event));
    begunAt = null;
    plot.setSelect(chosen, chosen.width > 10);
  });
  over.addEventListener("pointercancel", () => {
    begunAt = null;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  });
}

/** One chart. */
export interface Plot {
  show(data: WanData): void;
  resize(width: number): void;
  redraw(): void;
  destroy(): void;
}

/** What differs between charts. */
export interface PlotKind {
  readonly height: number;
  readonly hasTimeAxis: boolean;
  readonly series: uPlot.Series[];
  readonly bands?: uPlot.Band[];
  readonly y: uPlot.Axis;
  readonly scale: uPlot.Scale;
  columns(data: WanData): uPlot.AlignedData;
  /** Draws on top of the lines. */
  draw?(plot: uPlot, data: WanData): void;
  /** Text for the point under the cursor; null for none. */
  words(plot: uPlot, index: number): string | null;
}

export interface PlotCallbacks {
  readonly colour: CssColours;
  readonly select: (bounds: TimeRange) => void;
}

/** All charts share one cursor. */
const CURSOR = uPlot.sync("time");

/** Width of the y axis: the same in all charts, so that their time axes line up. */
export const AXIS_PX = 52;
/** Right margin: half the width of a time label. */
export const RIGHT_PX = 26;

export function openPlot(
  place: HTMLElement,
  kind: PlotKind,
  { colour, select }: PlotCallbacks,
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
          stroke: () => colour("quiet"),
          font: "11px system-ui",
          lineGap: 1.2,
          size: 38,
          // at least three ticks on a phone
          space: (self) => Math.min(72, self.width / 6),
          grid: { stroke: () => colour("line"), width: 1 },
          ticks: { stroke: () => colour("line"), width: 1, size: 4 },
          values: (_, splits, __, ___, apartMs) => tickLabels(splits, apartMs),
        },
        {
          size: AXIS_PX,
          stroke: () => colour("quiet"),
          font: "11px system-ui",
          grid: { stroke: () => colour("line"), width: 1 },
          ticks: { show: false },
          ...kind.y,
        },
      ],
      hooks: {
        drawAxes: [(self) => data && drawShades(self, data.shades, colour)],
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
