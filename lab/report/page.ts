import type { GateResult } from "../gates.js";
import type { Scenario } from "../scenario.js";
import type { TaskResult, Ranking } from "../score.js";
import type { Spread } from "../statistics.js";
import { shortNumber } from "../table.js";
import { policyOf } from "../tasks.js";
import { escaped, pareto, timeline } from "./charts.js";

/** Colours for the colour-blind (Okabe and Ito), light enough for a dark background. */
const COLOURS: Readonly<
  Record<string, readonly [light: string, dark: string]>
> = {
  oracle: ["#777777", "#9a9a9a"],
  lag100: ["#4a5a78", "#b4c4e4"],
  wanctl: ["#0067b1", "#56b4e9"],
  "wanctl-owd": ["#5b3fd6", "#a899ff"],
  "wanctl-preset": ["#008b9e", "#4fd8e8"],
  "cake-autorate": ["#d55e00", "#ff8a3c"],
  "cake-autorate-15": ["#b8860b", "#f0c040"],
  "sqm-autorate": ["#00805c", "#2fd0a0"],
  predecessor: ["#b0447c", "#e58fbd"],
  "static-95": ["#8c564b", "#c99a8e"],
  "static-90": ["#7a6a4f", "#b9a988"],
  "static-38": ["#556b2f", "#a3b86c"],
  none: ["#a00000", "#ff6b6b"],
};

const colours = Object.entries(COLOURS)
  .map(
    ([name, [light, dark]]) => `.${name}{--own:light-dark(${light},${dark})}`,
  )
  .join("\n");

export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c1c1c,#e6e6e6);--soft:light-dark(#666,#9a9a9a);--line:light-dark(#e3e3e3,#333);
--paper:light-dark(#fff,#161616);--area:light-dark(#e9edf1,#2a2f35)}
body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:0}
main{max-width:1400px;margin:auto;padding:clamp(12px,3vw,24px)}
h1{margin:0 0 8px}h2{margin:32px 0 8px}h3{margin:0 0 12px}
p{max-width:75ch}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}
dt,td:first-child{white-space:nowrap}dd{margin:0;color:var(--soft)}
i{display:inline-block;width:10px;height:10px;border-radius:50%;background:var(--own);margin-right:8px}
nav{display:flex;flex-wrap:wrap;gap:4px 12px}a{color:inherit}
section{border-top:1px solid var(--line);margin-top:28px;padding-top:20px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
th{font-weight:500;color:var(--soft);text-align:right;vertical-align:bottom}
th:first-child,td:first-child{text-align:left}
td{text-align:right;white-space:nowrap}td,th{padding:3px 0 3px 14px;border-bottom:1px solid var(--line)}
td:first-child,th:first-child{padding-left:0}
tr.wanctl td{font-weight:600}
small{color:var(--soft);font-weight:400}
.gates td{text-align:left;white-space:normal;vertical-align:top}.good{color:light-dark(#007a3d,#4cd08a)}.bad{color:light-dark(#c00,#ff6b6b);font-weight:600}
.overview{display:flex;flex-wrap:wrap;gap:24px 36px;align-items:flex-start;overflow-x:auto}
.overview svg{width:470px;max-width:100%}
summary{cursor:pointer;margin-top:12px}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(500px,100%),1fr));gap:20px}
figure{margin:0}figcaption{font-weight:600}
svg{display:block;width:100%;height:auto}
svg text{font-size:11px;fill:var(--soft)}
svg g text{fill:var(--own)}
path{fill:none}
.grid{stroke:var(--line)}
path.capacity{fill:var(--area)}
path.rate{stroke:var(--own);stroke-width:1.6}
path.delivered{stroke:var(--soft);stroke-width:1}
path.delay{stroke:var(--own);stroke-width:1.2}
path.late{stroke:var(--soft);stroke-dasharray:3 4}
circle{fill:var(--own)}.whisker{stroke:var(--own);stroke-width:1.5}.leader{stroke:var(--own);opacity:.35}
.key b{display:inline-block;width:18px;height:0;border-top:2px solid var(--ink);vertical-align:middle;margin:0 4px 0 14px}
.key b.capacity{height:10px;border:0;background:var(--area);margin-left:0}.key b.delivered{border-color:var(--soft)}
.key b.rate{border-width:3px}
@media print{details>*{display:block}}
${colours}
`;

interface Report {
  readonly seeds: number;
  readonly scenarios: readonly Scenario[];
  readonly rankings: readonly Ranking[];
  readonly results: readonly GateResult[];
  readonly outcomes: readonly TaskResult[];
}

/** The report as one self-contained HTML file without scripts. */
export function page(report: Report): string {
  const { scenarios } = report;
  const policies = [...new Set(report.rankings.map(({ policy }) => policy))];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>wanctl lab</title>
<style>${STYLE}</style>
<main>
<h1>wanctl lab</h1>
<p>${policies.length} policies on ${scenarios.length} simulated lines, each with ${report.seeds} ${report.seeds === 1 ? "seed" : "seeds"}. Every number is a mean over the seeds, ± half of its 95 % interval (bootstrap). Delays are what queues add to a call's packets, there and back; throughput is relative to the oracle, which knows the capacity and shapes to 95 % of it.</p>
<dl>${policies.map((name) => `<dt class="${escaped(name)}"><i></i>${escaped(name)}</dt><dd>${escaped(policyOf(name).title)}</dd>`).join("")}</dl>
<h2>Gates for wanctl</h2>
<table class="gates">${report.results.map(gateRow).join("")}</table>
<h2>Scenarios</h2>
<nav>${scenarios.map(({ id }) => `<a href="#${escaped(id)}">${escaped(id)}</a>`).join(" ")}</nav>
${scenarios.map((scenario) => section(scenario, report)).join("")}
</main>
</html>
`;
}

const gateRow = ({ gate, holds, found }: GateResult): string =>
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

function section(
  { id, title, limits, loaded }: Scenario,
  { rankings, outcomes }: Report,
): string {
  const mine = rankings.filter(({ scenario }) => scenario === id);
  const traced = outcomes.filter(
    ({ scenario, trace }) => scenario === id && trace !== null,
  );
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

const row = (ranking: Ranking): string =>
  `<tr class="${escaped(ranking.policy)}"><td><i></i>${escaped(ranking.policy)}</td>${[
    withMargin(ranking.usePct),
    shortNumber(ranking.p50Ms),
    withMargin(ranking.p95Ms),
    shortNumber(ranking.p99Ms),
    shortNumber(ranking.latePct),
    shortNumber(ranking.fallS),
    shortNumber(ranking.riseS),
    shortNumber(ranking.atFloorPct),
    shortNumber(ranking.writesPerS),
    shortNumber(ranking.cutsPerHour),
    shortNumber(ranking.points),
  ]
    .map((cell) => `<td>${cell}</td>`)
    .join("")}</tr>`;

function withMargin(spread: Spread | null): string {
  if (spread === null || spread.runs < 2) return shortNumber(spread);
  const half = (spread.high - spread.low) / 2;
  return `${shortNumber(spread)} <small>±${half.toFixed(half < 9.95 ? 1 : 0)}</small>`;
}
