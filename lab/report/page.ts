import { policyOf, scenarioOf, type Outcome } from "../contest.js";
import type { Verdict } from "../gates.js";
import type { Standing } from "../ranking.js";
import type { Spread } from "../statistics.js";
import { plain } from "../table.js";
import { pareto } from "./pareto.js";
import { escaped } from "./plot.js";
import { STYLE } from "./style.js";
import { timeline } from "./timeline.js";

export interface Report {
  readonly seeds: number;
  readonly standings: readonly Standing[];
  readonly verdicts: readonly Verdict[];
  readonly outcomes: readonly Outcome[];
}

/** The whole report as one HTML file: no script, nothing fetched. */
export function page(report: Report): string {
  const ids = [...new Set(report.standings.map(({ scenario }) => scenario))];
  const policies = [...new Set(report.standings.map(({ policy }) => policy))];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>wanctl lab</title>
<style>${STYLE}</style>
<main>
<h1>wanctl lab</h1>
<p>${policies.length} policies on ${ids.length} simulated lines, ${report.seeds} seeds each. Every number is a mean over the seeds, ± half of its 95 % interval (bootstrap). Delays are what queues add to a call's packets, there and back; throughput is relative to the oracle, which knows the capacity and shapes to 95 % of it.</p>
<dl>${policies.map((name) => `<dt class="${escaped(name)}"><i></i>${escaped(name)}</dt><dd>${escaped(policyOf(name).title)}</dd>`).join("")}</dl>
<h2>Gates for wanctl</h2>
<table class="gates">${report.verdicts.map(verdict).join("")}</table>
<h2>Scenarios</h2>
<nav>${ids.map((id) => `<a href="#${escaped(id)}">${escaped(id)}</a>`).join(" ")}</nav>
${ids.map((id) => section(id, report)).join("")}
</main>
</html>
`;
}

const verdict = ({ gate, holds, found }: Verdict): string =>
  `<tr><td class="${holds === null ? "" : holds ? "good" : "bad"}">${holds === null ? "—" : holds ? "pass" : "FAIL"}</td><td>${escaped(gate)}</td><td>${escaped(found)}</td></tr>`;

const HEADS = [
  "policy",
  "delivered %",
  "p50 ms",
  "p95 ms",
  "p99 ms",
  "> 30 ms %",
  "fall s",
  "rise s",
  "at floor %",
  "writes/s",
  "cuts/h",
  "points",
];

function section(id: string, { standings, outcomes }: Report): string {
  const mine = standings.filter(({ scenario }) => scenario === id);
  const traced = outcomes.filter(
    ({ scenario, trace }) => scenario === id && trace !== null,
  );
  const { title, limits, loaded } = scenarioOf(id);
  const drawn = loaded.length > 0 ? loaded : (["download"] as const);
  const most = drawn.map((d) =>
    Math.max(
      limits[d].ceilingBps / 1e6,
      ...traced.flatMap(({ trace }) =>
        (trace?.directions ?? [])
          .filter(({ direction }) => direction === d)
          .flatMap(({ capacity }) => capacity),
      ),
    ),
  );
  const panels = traced.flatMap(({ policy, trace }) =>
    trace === null
      ? []
      : [
          `<figure class="${escaped(policy)}"><figcaption><i></i>${escaped(policy)}</figcaption>${timeline(trace, most)}</figure>`,
        ],
  );
  return `<section id="${escaped(id)}"><h3>${escaped(id)}: ${escaped(title)}</h3>
<div class="overview"><table><tr>${HEADS.map((head) => `<th>${head}</th>`).join("")}</tr>${mine.map(row).join("")}</table>${pareto(mine)}</div>
<details><summary>What happened: seed 1</summary>
<p class="key"><b class="capacity"></b> capacity <b class="delivered"></b> delivered <b class="rate"></b> the shaper's rate <b class="delay"></b> added delay; dashed: 30 ms</p>
<div class="panels">${panels.join("")}</div></details></section>`;
}

const row = (standing: Standing): string =>
  `<tr class="${escaped(standing.policy)}"><td><i></i>${escaped(standing.policy)}</td>${[
    withMargin(standing.usePct),
    plain(standing.p50Ms),
    withMargin(standing.p95Ms),
    plain(standing.p99Ms),
    plain(standing.latePct),
    plain(standing.fallS),
    plain(standing.riseS),
    plain(standing.atFloorPct),
    plain(standing.writesPerS),
    plain(standing.cutsPerHour),
    plain(standing.points),
  ]
    .map((cell) => `<td>${cell}</td>`)
    .join("")}</tr>`;

function withMargin(spread: Spread | null): string {
  if (spread === null || spread.runs < 2) return plain(spread);
  const half = (spread.high - spread.low) / 2;
  return `${plain(spread)} <small>±${half.toFixed(half < 9.95 ? 1 : 0)}</small>`;
}
