import type { Scenario } from "./scenario.js";
import type { Ranking } from "./score.js";
import type { Spread } from "./statistics.js";

/** A column: head, width and cell text. The widths add up to at most 80. */
type Column = readonly [
  head: string,
  width: number,
  text: (ranking: Ranking) => string,
];

/** Three significant digits. */
export function brief(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** The mean, as "94.2"; "—" where there is none. */
export const shortNumber = (spread: Spread | null): string =>
  spread === null ? "—" : brief(spread.mean);

/** Half the width of the interval, as "±0.3". */
function margin(spread: Spread | null): string {
  if (spread === null || spread.runs < 2) return "";
  const half = (spread.high - spread.low) / 2;
  return `±${half.toFixed(half < 9.95 ? 1 : 0)}`;
}

const COLUMNS: readonly Column[] = [
  ["", 17, ({ policy }) => policy],
  ["use %", 6, ({ usePct }) => shortNumber(usePct)],
  ["", 5, ({ usePct }) => margin(usePct)],
  ["p50", 6, ({ p50Ms }) => shortNumber(p50Ms)],
  ["p95", 6, ({ p95Ms }) => shortNumber(p95Ms)],
  ["", 5, ({ p95Ms }) => margin(p95Ms)],
  ["p99", 6, ({ p99Ms }) => shortNumber(p99Ms)],
  [">30%", 6, ({ latePct }) => shortNumber(latePct)],
  ["fall", 5, ({ fallS }) => shortNumber(fallS)],
  ["rise", 5, ({ riseS }) => shortNumber(riseS)],
  ["wr/s", 6, ({ writesPerS }) => shortNumber(writesPerS)],
  ["cut/h", 7, ({ cutsPerHour }) => rounded(cutsPerHour)],
];

const rounded = (spread: Spread | null): string =>
  spread === null ? "—" : spread.mean.toFixed(0);

const LEGEND = `\
use %: delivered, of what the oracle delivers; p50, p95, p99: what queues add to
a call's packets there and back, ms; >30%: packets of it later than 30 ms;
fall: until 1 s begins without such a packet, rise: until 1 s begins with 90 %
of the capacity delivered, s; wr/s: rates written; cut/h: cuts of 0.5 % or more.
±: half of the 95 % interval over the seeds.
`;

/** All rankings as text of 80 columns, one block per scenario. */
export function table(
  rankings: readonly Ranking[],
  scenarios: readonly Scenario[],
  seeds: number,
): string {
  const head = line(COLUMNS.map(([head, width]) => [head, width]));
  const blocks = scenarios.map(({ id, title }) =>
    [
      `${id}: ${title}`,
      head,
      ...rankings
        .filter(({ scenario }) => scenario === id)
        .map((ranking) =>
          line(COLUMNS.map(([, width, text]) => [text(ranking), width])),
        ),
    ].join("\n"),
  );
  return `${seeds} ${seeds === 1 ? "seed" : "seeds"}\n\n${blocks.join("\n\n")}\n\n${LEGEND}`;
}

/** First cell left-aligned, the others right-aligned. */
const line = (cells: readonly (readonly [string, number])[]): string =>
  cells
    .map(([text, width], i) =>
      i === 0 ? text.padEnd(width) : text.padStart(width),
    )
    .join("")
    .trimEnd();
