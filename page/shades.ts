import type { Ink } from "./ink.js";
import type { Shade } from "./wan-data.js";
import uPlot from "./uplot.js";

/** Hatches the times of which there is nothing, with the word where it fits. */
export function drawShades(
  plot: uPlot,
  shades: readonly Shade[],
  ink: Ink,
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
    ctx.fillStyle = hatch(ctx, ink("line"));
    ctx.fillRect(left, bbox.top, width, bbox.height);
    writeWord(plot, word, left, width, ink);
  }
  ctx.restore();
}

function writeWord(
  { ctx, bbox }: uPlot,
  word: string,
  left: number,
  width: number,
  ink: Ink,
): void {
  const visibleLeft = Math.max(left, bbox.left);
  const visible = Math.min(left + width, bbox.left + bbox.width) - visibleLeft;
  ctx.font = `${11 * uPlot.pxRatio}px system-ui`;
  const size = ctx.measureText(word).width + 8 * uPlot.pxRatio;
  if (size > visible) return;
  const [x, y] = [visibleLeft + visible / 2, bbox.top + bbox.height / 2];
  const half = Math.min(9 * uPlot.pxRatio, bbox.height / 2);
  ctx.fillStyle = ink("page");
  ctx.fillRect(x - size / 2, y - half, size, 2 * half);
  ctx.fillStyle = ink("quiet");
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
