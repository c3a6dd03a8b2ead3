import { align } from "./align.js";
import type { Ink } from "./ink.js";
import type { PlotKind } from "./plot.js";
import type uPlot from "./uplot.js";
import { seriesOf, type WanData } from "./wan-data.js";
import { ms, timeInFull } from "./words.js";

/** RTT as a line within its least and greatest, over the baseline. */
export function rttPlot(ink: Ink): PlotKind {
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  return {
    height: 190,
    hasTimeAxis: true,
    series: [
      edge,
      edge,
      {
        stroke: () => ink("quiet"),
        width: 1,
        dash: [4, 3],
        points: { show: false },
      },
      { stroke: () => ink("accent"), width: 1.25, points: { size: 3 } },
    ],
    bands: [{ series: [1, 2], fill: () => ink("accent-band") }],
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
  const rtt = seriesOf(data, "wanctl_rtt_ms");
  const baseline = seriesOf(data, "wanctl_rtt_baseline_ms");
  const { at, lines } = align(
    [
      { at: rtt.at, values: rtt.max },
      { at: rtt.at, values: rtt.min },
      { at: baseline.at, values: baseline.avg },
      { at: rtt.at, values: rtt.avg },
    ],
    data.pace,
  );
  return [at, ...lines];
}

/** What each line has at an index; a line without a value there has its last one before it. */
export const valuesAt = (
  { data }: uPlot,
  index: number,
): (number | null | undefined)[] =>
  data.map((column) => {
    let i = index;
    while (i > 0 && i > index - 4 && column[i] === undefined) i--;
    return column[i];
  });
