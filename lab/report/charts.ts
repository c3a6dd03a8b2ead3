import { type DirectionTrace, type Trace, TRACE_MS } from "../measure.js";
import type { Ranking } from "../score.js";
import { brief } from "../table.js";

/** Maps values to pixels. */
type Scale = (value: number) => number;

/** @param from values, @param to pixels */
export const linear =
  (from: readonly [number, number], to: readonly [number, number]): Scale =>
  (value) =>
    to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);

/** Logarithmic; smaller values are drawn at the edge. */
export function logarithmic(
  from: readonly [number, number],
  to: readonly [number, number],
): Scale {
  const scale = linear([Math.log(from[0]), Math.log(from[1])], to);
  return (value) => scale(Math.log(Math.max(from[0], value)));
}

/** Three to six round numbers from 0 to `most`. */
export function ticks(most: number): number[] {
  const size = 10 ** Math.floor(Math.log10(most / 3));
  const step =
    [1, 2, 5, 10].map((f) => f * size).find((s) => most / s <= 6) ?? most;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) =>
    Number((i * step).toPrecision(6)),
  );
}

/** A line through the points, interrupted where one is null. */
export function line(
  values: readonly (number | null)[],
  x: Scale,
  y: Scale,
): string {
  let pen = "M";
  let path = "";
  for (const [i, value] of values.entries()) {
    if (value === null) {
      pen = "M";
      continue;
    }
    path += `${pen}${px(x(i))} ${px(y(value))}`;
    pen = "L";
  }
  return path;
}

/** The area under a step function, closed at `baseline`. */
function stairs(
  values: readonly number[],
  x: Scale,
  y: Scale,
  baseline: number,
): string {
  const tops = values.map(
    (value, i) => `L${px(x(i))} ${px(y(value))}H${px(x(i + 1))}`,
  );
  return `M${px(x(0))} ${px(baseline)}${tops.join("")}V${px(baseline)}Z`;
}

const px = (value: number): string => String(Math.round(value * 10) / 10);

/** Escapes text for HTML. */
export const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const PARETO_WIDTH = 560;
const HEIGHT = 300;
const PARETO_LEFT = 44;
const TOP = 16;
const BOTTOM = HEIGHT - 36;
const PARETO_RIGHT = PARETO_WIDTH - 118;
const MARKS_MS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000];
/** Least distance of two labels, px. */
const LABEL_PX = 13;

/** Throughput over p95 delay, one point with 95 % intervals for each policy; the best are at the top left. */
export function pareto(rankings: readonly Ranking[]): string {
  const points = rankings.flatMap(({ policy, usePct, p95Ms }) =>
    usePct === null || p95Ms === null ? [] : [{ policy, usePct, p95Ms }],
  );
  if (points.length === 0) return "";
  const mostMs = Math.max(...points.map((p) => p.p95Ms.high), 30);
  const leastMs = Math.min(...points.map((p) => p.p95Ms.low), 10);
  const leastPct = Math.min(...points.map((p) => p.usePct.low), 80);
  const mostPct = Math.max(...points.map((p) => p.usePct.high), 105);
  const x = logarithmic(
    [Math.max(0.3, leastMs / 1.5), mostMs * 1.5],
    [PARETO_LEFT, PARETO_RIGHT],
  );
  const y = linear(
    [Math.floor(leastPct / 10) * 10, Math.ceil(mostPct / 10) * 10],
    [BOTTOM, TOP],
  );
  const marks = MARKS_MS.filter(
    (ms) => x(ms) > PARETO_LEFT && x(ms) < PARETO_RIGHT,
  ).map(
    (ms) =>
      `<path class="grid" d="M${px(x(ms))} ${TOP}V${BOTTOM}"/><text x="${px(x(ms))}" y="${BOTTOM + 14}" text-anchor="middle">${ms}</text>`,
  );
  const levels = rounds(leastPct, mostPct).map(
    (pct) =>
      `<path class="grid" d="M${PARETO_LEFT} ${px(y(pct))}H${PARETO_RIGHT}"/><text x="${PARETO_LEFT - 5}" y="${px(y(pct) + 3.5)}" text-anchor="end">${pct}</text>`,
  );
  let labelY = -Infinity;
  const dots = [...points]
    .sort((a, b) => y(a.usePct.mean) - y(b.usePct.mean))
    .map(({ policy, usePct, p95Ms }) => {
      const [cx, cy] = [x(p95Ms.mean), y(usePct.mean)];
      labelY = Math.max(cy, labelY + LABEL_PX);
      return `<g class="${escaped(policy)}"><title>${escaped(policy)}: ${brief(usePct.mean)} %, p95 ${brief(p95Ms.mean)} ms</title>
<path class="whisker" d="M${px(x(p95Ms.low))} ${px(cy)}H${px(x(p95Ms.high))}M${px(cx)} ${px(y(usePct.low))}V${px(y(usePct.high))}"/>
<path class="leader" d="M${px(cx)} ${px(cy)}L${PARETO_RIGHT + 4} ${px(labelY)}"/>
<circle cx="${px(cx)}" cy="${px(cy)}" r="4.5"/><text x="${PARETO_RIGHT + 8}" y="${px(labelY + 4)}">${escaped(policy)}</text></g>`;
    });
  return `<svg viewBox="0 0 ${PARETO_WIDTH} ${Math.max(HEIGHT, labelY + 12)}" role="img">${marks.join("")}${levels.join("")}
<text x="${PARETO_LEFT}" y="${TOP - 5}">delivered, % of the oracle's</text><text x="${PARETO_RIGHT}" y="${BOTTOM + 30}" text-anchor="end">p95 of the added delay, ms</text>${dots.join("")}</svg>`;
}

/** Multiples of 10 or 20 within the span. */
function rounds(least: number, most: number): number[] {
  const step = most - least > 60 ? 20 : 10;
  const first = Math.floor(least / 10) * 10;
  const count = Math.floor((Math.ceil(most / 10) * 10 - first) / step) + 1;
  return Array.from({ length: count }, (_, i) => first + i * step);
}

const WIDTH = 560;
const LEFT = 44;
const RIGHT = 8;
const RATE_HEIGHT = 110;
const DELAY_HEIGHT = 76;
const GAP = 22;
const AXIS = 20;
const DELAYS_MS = [1, 10, 100, 1000, 10_000];

/** One run of one policy: capacity, rate and throughput of each filled direction, and the delay below. */
export function timeline(trace: Trace, mostMbps: readonly number[]): string {
  const count = trace.addedMs.length;
  const x = linear([0, count], [LEFT, WIDTH - RIGHT]);
  const rates = trace.directions.map((of, i) =>
    rateChart(of, x, 14 + i * (RATE_HEIGHT + GAP), mostMbps[i] ?? 1),
  );
  const delayTop = 14 + rates.length * (RATE_HEIGHT + GAP);
  const bottom = delayTop + DELAY_HEIGHT;
  const seconds = (count * TRACE_MS) / 1e3;
  const times = ticks(seconds).map((s) => {
    const at = px(x((s * 1e3) / TRACE_MS));
    return `<text x="${at}" y="${bottom + 14}" text-anchor="middle">${s}${s === 0 ? " s" : ""}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${bottom + AXIS}" role="img">${rates.join("")}${delayChart(trace, x, delayTop)}${times.join("")}</svg>`;
}

function rateChart(
  { direction, capacity, rate, delivered }: DirectionTrace,
  x: Scale,
  top: number,
  mostMbps: number,
): string {
  const bottom = top + RATE_HEIGHT;
  const y = linear([0, mostMbps], [bottom, top]);
  const clipped = rate.map((mbps) =>
    mbps === null ? null : Math.min(mbps, mostMbps),
  );
  return [
    `<text x="${LEFT}" y="${top - 4}">${direction}, Mbit/s</text>`,
    `<path class="capacity" d="${stairs(capacity, x, y, bottom)}"/>`,
    ...ticks(mostMbps).map((mbps) => grid(y(mbps), String(mbps))),
    `<path class="delivered" d="${line(delivered, x, y)}"/>`,
    `<path class="rate" d="${line(clipped, x, y)}"/>`,
  ].join("");
}

function delayChart({ addedMs }: Trace, x: Scale, top: number): string {
  const bottom = top + DELAY_HEIGHT;
  const y = logarithmic([1, 10_000], [bottom, top]);
  return [
    `<text x="${LEFT}" y="${top - 4}">added delay, ms: the worst of each ${TRACE_MS} ms</text>`,
    ...DELAYS_MS.map((ms) => grid(y(ms), String(ms))),
    `<path class="late" d="M${LEFT} ${px(y(30))}H${WIDTH - RIGHT}"/>`,
    `<path class="delay" d="${line(addedMs, x, y)}"/>`,
  ].join("");
}

const grid = (y: number, label: string): string =>
  `<path class="grid" d="M${LEFT} ${px(y)}H${WIDTH - RIGHT}"/>` +
  `<text x="${LEFT - 5}" y="${px(y + 3.5)}" text-anchor="end">${label}</text>`;
