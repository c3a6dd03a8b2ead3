import { brief } from "../table.js";
import type { Standing } from "../ranking.js";
import { escaped, linear, logarithmic, px } from "./plot.js";

const WIDTH = 560;
const HEIGHT = 300;
const LEFT = 44;
const TOP = 16;
const BOTTOM = HEIGHT - 36;
const RIGHT = WIDTH - 118;
const MARKS_MS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000];
/** Labels closer than this would cover each other. */
const LABEL_PX = 13;

/** Throughput over p95 of the delay, a point with its 95 % intervals for each policy: the best is above and to the left. */
export function pareto(standings: readonly Standing[]): string {
  const points = standings.flatMap(({ policy, usePct, p95Ms }) =>
    usePct === null || p95Ms === null ? [] : [{ policy, usePct, p95Ms }],
  );
  if (points.length === 0) return "";
  const mostMs = Math.max(...points.map((p) => p.p95Ms.high), 30);
  const leastMs = Math.min(...points.map((p) => p.p95Ms.low), 10);
  const leastPct = Math.min(...points.map((p) => p.usePct.low), 80);
  const mostPct = Math.max(...points.map((p) => p.usePct.high), 105);
  const x = logarithmic(
    [Math.max(0.3, leastMs / 1.5), mostMs * 1.5],
    [LEFT, RIGHT],
  );
  const y = linear(
    [Math.floor(leastPct / 10) * 10, Math.ceil(mostPct / 10) * 10],
    [BOTTOM, TOP],
  );
  const marks = MARKS_MS.filter((ms) => x(ms) > LEFT && x(ms) < RIGHT).map(
    (ms) =>
      `<path class="grid" d="M${px(x(ms))} ${TOP}V${BOTTOM}"/><text x="${px(x(ms))}" y="${BOTTOM + 14}" text-anchor="middle">${ms}</text>`,
  );
  const levels = rounds(leastPct, mostPct).map(
    (pct) =>
      `<path class="grid" d="M${LEFT} ${px(y(pct))}H${RIGHT}"/><text x="${LEFT - 5}" y="${px(y(pct) + 3.5)}" text-anchor="end">${pct}</text>`,
  );
  let labelY = -Infinity;
  const dots = [...points]
    .sort((a, b) => y(a.usePct.mean) - y(b.usePct.mean))
    .map(({ policy, usePct, p95Ms }) => {
      const [cx, cy] = [x(p95Ms.mean), y(usePct.mean)];
      labelY = Math.max(cy, labelY + LABEL_PX);
      return `<g class="${escaped(policy)}"><title>${escaped(policy)}: ${brief(usePct.mean)} %, p95 ${brief(p95Ms.mean)} ms</title>
<path class="whisker" d="M${px(x(p95Ms.low))} ${px(cy)}H${px(x(p95Ms.high))}M${px(cx)} ${px(y(usePct.low))}V${px(y(usePct.high))}"/>
<path class="leader" d="M${px(cx)} ${px(cy)}L${RIGHT + 4} ${px(labelY)}"/>
<circle cx="${px(cx)}" cy="${px(cy)}" r="4.5"/><text x="${RIGHT + 8}" y="${px(labelY + 4)}">${escaped(policy)}</text></g>`;
    });
  return `<svg viewBox="0 0 ${WIDTH} ${Math.max(HEIGHT, labelY + 12)}" role="img">${marks.join("")}${levels.join("")}
<text x="${LEFT}" y="${TOP - 5}">delivered, % of the oracle's</text><text x="${RIGHT}" y="${BOTTOM + 30}" text-anchor="end">p95 of the added delay, ms</text>${dots.join("")}</svg>`;
}

/** Multiples of 10 or 20 within the span. */
function rounds(least: number, most: number): number[] {
  const step = most - least > 60 ? 20 : 10;
  const first = Math.floor(least / 10) * 10;
  const count = Math.floor((Math.ceil(most / 10) * 10 - first) / step) + 1;
  return Array.from({ length: count }, (_, i) => first + i * step);
}
