import type { Direction } from "../shared/contract/direction.js";
import { align } from "./align.js";
import type { Ink } from "./ink.js";
import type { PlotKind } from "./plot.js";
import { valuesAt } from "./rtt-plot.js";
import uPlot from "./uplot.js";
import { seriesOf, type WanData } from "./wan-data.js";
import { mbps, timeInFull } from "./words.js";

/** What a direction carried, below the rate that was enforced and the one that was wanted, between floor and ceiling. */
export function ratePlot(direction: Direction, ink: Ink): PlotKind {
  const hidden = { points: { show: false } };
  let ceiling = 0;
  return {
    height: 120,
    hasTimeAxis: false,
    series: [
      {
        stroke: () => ink("load"),
        fill: () => ink("load"),
        width: 0.5,
        ...hidden,
      },
      { stroke: () => ink("text"), width: 1, dash: [2, 3], ...hidden },
      { stroke: () => ink("accent"), width: 1.5, ...hidden },
    ],
    y: { values: (_, splits) => splits.map(String) },
    scale: {
      range: (_, __, max) => [0, Math.max(1, max * 1.08, ceiling * 1.18)],
    },
    columns(data) {
      ceiling = data.limits[direction]?.ceiling ?? 0;
      return rateColumns(data, direction);
    },
    draw: (plot, data) => drawLimits(plot, data, direction, ink),
    words(plot, index) {
      const [at, load, wanted, enforced] = valuesAt(plot, index);
      if (at == null) return null;
      const text = (value: number | null | undefined) =>
        value == null ? "unknown" : mbps(value);
      return `${timeInFull(at)}: load ${text(load)}, wanted ${text(wanted)}, enforced ${text(enforced)}`;
    },
  };
}

function rateColumns(data: WanData, direction: Direction): uPlot.AlignedData {
  const lines = ["load", "rate_wanted", "rate"].map((name) => {
    const { at, avg } = seriesOf(data, `wanctl_${name}_${direction}_mbps`);
    return { at, values: avg };
  });
  const aligned = align(lines, data.pace);
  return [aligned.at, ...aligned.lines];
}

function drawLimits(
  plot: uPlot,
  { limits }: WanData,
  direction: Direction,
  ink: Ink,
): void {
  const { ctx, bbox } = plot;
  const px = uPlot.pxRatio;
  ctx.save();
  ctx.font = `${10 * px}px system-ui`;
  ctx.strokeStyle = ctx.fillStyle = ink("quiet");
  ctx.lineWidth = px;
  ctx.textAlign = "left";
  ctx.setLineDash([px, 3 * px]);
  for (const [name, value] of Object.entries(limits[direction] ?? {})) {
    const y = Math.round(plot.valToPos(value as number, "y", true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.textBaseline = "bottom";
    ctx.fillText(name, bbox.left + 4 * px, y - px);
  }
  ctx.restore();
}
