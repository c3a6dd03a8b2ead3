import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { STATES } from "../../shared/contract/state.js";
import { shareOf } from "../data/follow.js";
import {
  align,
  type ShownResolution,
  findSeries,
  type WanData,
} from "../data/wan-data.js";
import { timeInFull } from "../text/words.js";
import type { CssColours, ColourName } from "./css-colours.js";
import type { PlotKind } from "./plot.js";
import { valuesAt } from "./rates-and-rtt.js";
import uPlot from "./uplot.js";

const NONE = { at: [], values: [] };
const LANE = { download: 1, upload: 0 } as const;
const STATE_COLOURS: readonly ColourName[] = [
  "state-0",
  "state-1",
  "state-2",
  "state-3",
];

/** Bar height per state, so that states can be told apart without colour. */
const HEIGHT = [0.18, 0.45, 0.7, 0.95] as const;

/** Minimum opacity of a state held for a small part of a step. */
const FAINTEST = 0.25;

/**
 * The states of both directions, one lane each. A step with several states shows the worst on top of the mildest, its
 * opacity proportional to how long it was held.
 */
export function statePlot(colour: CssColours): PlotKind {
  return {
    height: 54,
    hasTimeAxis: false,
    series: DIRECTIONS.map(() => ({
      paths: () => null,
      points: { show: false },
    })),
    y: {
      splits: () => [0.5, 1.5],
      values: () => ["up", "down"],
      grid: { show: false },
    },
    scale: { range: () => [0, 2] },
    columns(data) {
      const [down, up] = DIRECTIONS.map((direction) => {
        const { at, max } = findSeries(data, "wanctl_state", direction);
        return { at, values: max };
      });
      const { at, lines } = align([down ?? NONE, up ?? NONE], {
        gapMs: () => Infinity,
      });
      return [at, ...lines];
    },
    draw(plot, data) {
      for (const direction of DIRECTIONS)
        drawLane(plot, data, direction, colour);
    },
    words(plot, index) {
      const [at, ...codes] = valuesAt(plot, index);
      if (at == null) return null;
      const words = DIRECTIONS.map(
        (direction, i) => `${direction} ${STATES[codes[i] ?? -1] ?? "unknown"}`,
      );
      return `${timeInFull(at)}: ${words.join(", ")}`;
    },
  };
}

function drawLane(
  plot: uPlot,
  data: WanData,
  direction: Direction,
  colour: CssColours,
): void {
  const { ctx, bbox } = plot;
  const { at, min, max, stateMs } = findSeries(data, "wanctl_state", direction);
  const lane = bbox.height / 2;
  const bottom = bbox.top + bbox.height - LANE[direction] * lane;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const paint = (
    { fromMs, toMs, code, share }: Stretch,
    leastWidth: number,
  ) => {
    const left = plot.valToPos(fromMs, "x", true);
    const width = plot.valToPos(toMs, "x", true) - left;
    const height = lane * (HEIGHT[code] ?? 0);
    ctx.globalAlpha = FAINTEST + (1 - FAINTEST) * share;
    ctx.fillStyle = colour(STATE_COLOURS[code] ?? "quiet");
    ctx.fillRect(left, bottom - height, Math.max(width, leastWidth), height);
  };
  const whole = min.map(() => 1);
  for (const each of stretches(at, min, whole, data.resolution)) paint(each, 0);
  const shares = max.map((code, i) => shareOf(code, stateMs?.[i]));
  // at least 2 px wide, so that short ones stay visible
  for (const each of stretches(at, max, shares, data.resolution))
    if (each.code > 0) paint(each, 2 * uPlot.pxRatio);
  ctx.restore();
}

interface Stretch {
  readonly fromMs: number;
  toMs: number;
  readonly code: number;
  readonly share: number;
}

/** Merges adjacent steps with the same state; a state lasts until the next value, or ends where a gap follows. */
function stretches(
  at: readonly number[],
  codes: readonly number[],
  shares: readonly number[],
  { ownMs, gapMs }: ShownResolution,
): readonly Stretch[] {
  const found: Stretch[] = [];
  at.forEach((fromMs, i) => {
    const code = Math.min(Math.round(codes[i] ?? 0), STATES.length - 1);
    const share = shares[i] ?? 1;
    const next = at[i + 1] ?? Infinity;
    const toMs = next - fromMs > gapMs(fromMs) ? fromMs + ownMs(fromMs) : next;
    const last = found.at(-1);
    if (last?.code === code && last.share === share && last.toMs === fromMs)
      last.toMs = toMs;
    else found.push({ fromMs, toMs, code, share });
  });
  return found;
}
