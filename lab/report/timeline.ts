import { TRACE_MS, type DirectionTrace, type Trace } from "../trace.js";
import {
  line,
  linear,
  logarithmic,
  px,
  stairs,
  ticks,
  type Scale,
} from "./plot.js";

const WIDTH = 560;
const LEFT = 44;
const RIGHT = 8;
const RATE_HEIGHT = 110;
const DELAY_HEIGHT = 76;
const GAP = 22;
const AXIS = 20;
const DELAYS_MS = [1, 10, 100, 1000, 10_000];

/** What one policy did in one run: capacity, rate and delivered of each filled direction, and under them the delay. */
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
