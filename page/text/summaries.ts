import { showPercent } from "../../shared/contract/units.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import type { SummaryAnswer } from "../../shared/contract/history.js";
import { STATES } from "../../shared/contract/state.js";
import type { WanPresent } from "../data/wan-data.js";
import { dayAndTimeText, lasting, ms } from "./words.js";

/** The current problems and the worst level, for the page header, the title and the icon. */
export interface Worst {
  readonly level: "good" | "warning" | "critical";
  /** "spectrum: nothing heard for 20 s"; empty if there is no problem */
  readonly words: string;
}

/** The recorder's health answer. */
export interface RecorderHealth {
  readonly status: "fine" | "degraded";
  readonly silent?: readonly {
    readonly wan: string;
    readonly lastAtMs: number;
  }[];
}

/** A congested state is reported only after it has lasted this long. */
const LASTING_MS = 10_000;

export function worstMinutesOf(
  presents: readonly WanPresent[],
  health: RecorderHealth | null,
  nowMs: number,
): Worst {
  const dead = (health?.silent ?? [])
    .filter(({ wan }) => !presents.some((each) => each.wan === wan))
    .map(({ wan, lastAtMs }) => silence(wan, lastAtMs, nowMs));
  const quiet = presents
    .filter(({ isLive, hasStopped }) => !isLive && !hasStopped)
    .map(({ wan, at }) => silence(wan, at, nowMs));
  const routers = presents
    .filter(({ isLive, isRouterUp }) => isLive && isRouterUp === false)
    .map(({ wan }) => `${wan}: router does not answer`);
  const critical = [
    ...(health === null ? ["recorder: unknown"] : []),
    ...quiet,
    ...dead,
    ...routers,
  ];
  const warning = [
    ...(health?.status === "degraded" ? ["recorder degraded"] : []),
    ...presents.flatMap((each) => congested(each, nowMs)),
  ];
  const all = [...critical, ...warning];
  return {
    level:
      critical.length > 0 ? "critical" : all.length > 0 ? "warning" : "good",
    words: all.join("; "),
  };
}

const silence = (wan: string, at: number | null, nowMs: number): string =>
  `${wan}: nothing heard${at === null ? "" : ` for ${lasting(nowMs - at)}`}`;

function congested(
  { wan, values, isLive, since }: WanPresent,
  nowMs: number,
): readonly string[] {
  return DIRECTIONS.flatMap((direction) => {
    const code = values?.[`state${TITLED[direction]}`] ?? 0;
    const from = since[direction];
    const isLong = from !== null && nowMs - from > LASTING_MS;
    return isLive && code >= 2 && isLong
      ? [`${wan}: ${direction} ${STATES[code] ?? "?"}`]
      : [];
  });
}

const TITLED = { download: "Download", upload: "Upload" } as const;

/* Charts as text, for screen readers and for numbers at a glance. */

/** How much of the shown span is recorded, and since when if the recording begins later. */
export function recordedInWords(
  found: SummaryAnswer["metadata"]["wans"][number] | undefined,
): string {
  const since = found?.since ?? null;
  const from = since === null ? "" : `, since ${dayAndTimeText(since)}`;
  if (found === undefined || found.recorded === 0)
    return since === null
      ? "Nothing is recorded in this time range."
      : `Nothing is recorded in this time range: the recording begins ${dayAndTimeText(since)}.`;
  return `${showPercent(found.recorded)} of this time range is recorded${from}; the rest is hatched.`;
}

export function rttSummary(
  { data, metadata }: SummaryAnswer,
  wan: string,
): string {
  const found = data.find(
    (each) => each.wan === wan && each.metric === "wanctl_rtt_ms",
  );
  if (isNothing({ metadata }, wan)) return NOTHING;
  if (found === undefined || found.count === 0) return "no replies";
  const { min, avg, max, p50, p95, p99 } = found;
  const parts = [`${ms(min)} to ${ms(max)}`, `mean ${ms(avg)}`];
  if (p50 !== null) parts.push(`median ${ms(p50)}`);
  if (p95 !== null) parts.push(`95 % below ${ms(p95)}`);
  if (p99 !== null) parts.push(`99 % below ${ms(p99)}`);
  return parts.join(", ");
}

/** Caption of charts of a span without any data. */
export const NOTHING = "nothing recorded in this time range";

const isNothing = (
  { metadata }: Pick<SummaryAnswer, "metadata">,
  wan: string,
): boolean =>
  (metadata.wans.find((each) => each.wan === wan)?.recorded ?? 0) === 0;

export function stateSummary({ metadata }: SummaryAnswer, wan: string): string {
  if (isNothing({ metadata }, wan)) return NOTHING;
  const parts = DIRECTIONS.flatMap((direction) => {
    const found = metadata.states.find(
      (each) => each.wan === wan && each.direction === direction,
    );
    const total = STATES.reduce(
      (sum, state) => sum + (found?.ms[state] ?? 0),
      0,
    );
    if (found === undefined || total === 0) return [];
    const shares = STATES.filter((state) => found.ms[state] > 0).map(
      (state) => `${state} ${showPercent(found.ms[state] / total)}`,
    );
    return [`${direction} ${shares.join(", ")}`];
  });
  return parts.length === 0 ? "no states" : parts.join("; ");
}

/** Minimum, mean and maximum of a line; steps are weighted by their number of values. */
export function lineSummary(line: {
  readonly min: readonly number[];
  readonly avg: readonly number[];
  readonly max: readonly number[];
  readonly count: readonly number[];
}): { min: number; avg: number; max: number } | null {
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  line.avg.forEach((avg, i) => {
    const weight = line.count[i] ?? 0;
    min = Math.min(min, line.min[i] ?? avg);
    max = Math.max(max, line.max[i] ?? avg);
    sum += avg * weight;
    count += weight;
  });
  return count === 0 ? null : { min, avg: sum / count, max };
}
