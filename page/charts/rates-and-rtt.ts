import type { Direction } from "../../shared/contract/direction.js";
import { align, findSeries, type WanData } from "../data/wan-data.js";
import { mbps, ms, timeInFull } from "../text/words.js";
import type { CssColours } from "./css-colours.js";
import type { PlotKind } from "./plot.js";
import uPlot from "./uplot.js";

/** Mean RTT, the band from minimum to maximum, and the baseline. */
export function rttPlot(colour: CssColours): PlotKind {
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  return {
    height: 190,
    hasTimeAxis: true,
    series: [
      edge,
      edge,
      {
        stroke: () => colour("quiet"),
        width: 1,
        dash: [4, 3],
        points: { show: false },
      },
      { stroke: () => colour("accent"), width: 1.25, points: { size: 3 } },
    ],
    bands: [{ series: [1, 2], fill: () => colour("accent-band") }],
    y: { values: (_, splits) => splits.map((value) => `${value} ms`) },
    scale: { range: (_, __, max) => [0, Math.max(10, max * 1.05)] },
    columns: rttColumns,
    words(plot, index) {
      const [at, max, min, baseline, avg] = valuesAt(plot, index);
      if (at == null) return null;
      if (avg == null) return `${timeInFull(at)}: no reply`;
      const band =
        min === max ? "" : ` (${ms(min ?? avg)} to ${ms(max ?? avg)})`;
      const over = baseline == null ? "" : `, baseline ${ms(baseline)}`;
      return `${timeInFull(at)}: ${ms(avg)}${band}${over}`;
    },
  };
}

function rttColumns(data: WanData): uPlot.AlignedData {
  const rtt = findSeries(data, "wanctl_rtt_ms");
  const baseline = findSeries(data, "wanctl_rtt_baseline_ms");
  const { at, lines } = align(
    [
      { at: rtt.at, values: rtt.max },
      { at: rtt.at, values: rtt.min },
      { at: baseline.at, values: baseline.avg },
      { at: rtt.at, values: rtt.avg },
    ],
    data.resolution,
  );
  return [at, ...lines];
}

/** The value of each line at an index, or the last one up to 3 columns before. */
export const valuesAt = (
  { data }: uPlot,
  index: number,
): (number | null | undefined)[] =>
  data.map((column) => {
    let i = index;
    while (i > 0 && i > index - 4 && column[i] === undefined) i--;
    return column[i];
  });

/** Load, wanted and enforced rate of a direction, with its floor and ceiling. */
export function ratePlot(direction: Direction, colour: CssColours): PlotKind {
  const hidden = { points: { show: false } };
  let ceiling = 0;
  return {
    height: 120,
    hasTimeAxis: false,
    series: [
      {
        stroke: () => colour("load"),
        fill: () => colour("load"),
        width: 0.5,
        ...hidden,
      },
      { stroke: () => colour("text"), width: 1, dash: [2, 3], ...hidden },
      { stroke: () => colour("accent"), width: 1.5, ...hidden },
    ],
    y: { values: (_, splits) => splits.map(String) },
    scale: {
      range: (_, __, max) => [0, Math.max(1, max * 1.08, ceiling * 1.18)],
    },
    columns(data) {
      ceiling = data.limits[direction]?.ceiling ?? 0;
      return rateColumns(data, direction);
    },
    draw: (plot, data) => drawLimits(plot, data, direction, colour),
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
    const { at, avg } = findSeries(data, `wanctl_${name}_${direction}_mbps`);
    return { at, values: avg };
  });
  const aligned = align(lines, data.resolution);
  return [aligned.at, ...aligned.lines];
}

function drawLimits(
  plot: uPlot,
  { limits }: WanData,
  direction: Direction,
  colour: CssColours,
): void {
  const { ctx, bbox } = plot;
  const px = uPlot.pxRatio;
  ctx.save();
  ctx.font = `${10 * px}px system-ui`;
  ctx.strokeStyle = ctx.fillStyle = colour("quiet");
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
