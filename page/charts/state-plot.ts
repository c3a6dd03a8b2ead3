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

/** How high a state stands in its lane: one sees it without its colour. */
const HEIGHT = [0.18, 0.45, 0.7, 0.95] as const;

/** A state that was held for a moment of a long step is drawn so strongly at least. */
const FAINTEST = 0.25;

/** Both directions' states, a lane each; in a step with several the worst is drawn, over the mildest, as strongly as it lasted. */
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
  // however short, a bad moment is seen
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

/** Neighbours of one state as one; a state lasts until the next, unless nothing is known in between. */
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
