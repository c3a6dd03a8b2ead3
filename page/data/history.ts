import { DAY_MS, type TimeRange } from "../../shared/contract/units.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import { EVENT_ROWS } from "../../shared/contract/event.js";
import type {
  EventsAnswer,
  HistoryEvent,
  RangeAnswer,
  SeriesAnswer,
  SummaryAnswer,
} from "../../shared/contract/history.js";
import type { Api, ApiReply } from "./api.js";
import { joined } from "./follow.js";
import { isCycles, lengthOf } from "./span.js";
import type { DataRange } from "./wan-data.js";

/** The metrics that the charts of a WAN show. */
const METRICS: readonly string[] = [
  "wanctl_rtt_ms",
  "wanctl_rtt_baseline_ms",
  "wanctl_state",
  ...DIRECTIONS.flatMap((direction) => [
    `wanctl_rate_${direction}_mbps`,
    `wanctl_rate_wanted_${direction}_mbps`,
    `wanctl_load_${direction}_mbps`,
  ]),
];

/** Enough for a wide screen, and within the value limit of one answer. */
const POINTS = 1_000;

/** Longer spans use steps of a day: finer ones would mostly show the daily rhythm. */
const BY_DAYS_MS = 180 * DAY_MS;

/** Pages loaded per range at most; two minutes of cycles take one or two. */
const PAGES_MAX = 5;

/** Events loaded at most: more marks could not be told apart. */
const EVENTS_MAX = 1_000;

/** The WANs in the history, and when it begins; null for an empty history. */
export interface Remembered {
  readonly wans: readonly string[];
  readonly sinceMs: number | null;
}

export async function askWans(api: Api): Promise<Remembered | null> {
  const none = new URLSearchParams();
  const outcome = await api.get<SeriesAnswer>("api/v1/series", none);
  if (outcome.kind !== "answer") return null;
  const { data, metadata } = outcome.body;
  const wans = data
    .filter(({ metric }) => metric === "wanctl_rtt_ms")
    .map(({ wan }) => wan);
  const begins = metadata.wans
    .filter(({ wan }) => wans.includes(wan))
    .map(({ from }) => from);
  return { wans, sinceMs: begins.length === 0 ? null : Math.min(...begins) };
}

/** The values of a WAN between bounds, from up to `PAGES_MAX` answers. */
export async function askRange(
  api: Api,
  wan: string,
  bounds: TimeRange,
  signal: AbortSignal,
): Promise<ApiReply<DataRange>> {
  const query = spanQuery(bounds, [wan]);
  for (const metric of METRICS) query.append("metric", metric);
  if (isCycles(bounds)) query.append("step", "cycle");
  else if (lengthOf(bounds) > BY_DAYS_MS) query.append("step", "1d");
  else query.append("points", String(POINTS));
  let range: DataRange | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const outcome = await api.get<RangeAnswer>("api/v1/range", query, signal);
    if (outcome.kind !== "answer") return outcome;
    const { data, metadata } = outcome.body;
    range = {
      metadata,
      series: range === null ? data : joined(range.series, data),
    };
    if (metadata.next === null) break;
    query.set("cursor", metadata.next);
  }
  return { kind: "answer", body: range as DataRange };
}

export function askSummary(
  api: Api,
  wans: readonly string[],
  bounds: TimeRange,
  signal: AbortSignal,
): Promise<ApiReply<SummaryAnswer>> {
  const query = spanQuery(bounds, wans);
  query.append("metric", "wanctl_rtt_ms");
  query.append("metric", "wanctl_rtt_delta_ms");
  query.append("metric", "wanctl_state");
  return api.get("api/v1/summary", query, signal);
}

/**
 * The newest events between bounds, including the recorder's own. Bad news is always included, even if there are more
 * state changes than fit.
 */
export async function askEvents(
  api: Api,
  wans: readonly string[],
  bounds: TimeRange,
  signal: AbortSignal,
): Promise<ApiReply<EventsAnswer>> {
  const ask = (kinds: readonly string[]) => {
    const query = spanQuery(bounds, [...wans, "recorder"]);
    query.append("limit", String(EVENTS_MAX));
    for (const kind of kinds) query.append("kind", kind);
    return api.get<EventsAnswer>("api/v1/events", query, signal);
  };
  const all = await ask([]);
  if (all.kind !== "answer" || all.body.metadata.next === null) return all;
  const bad = await ask(BAD_NEWS);
  if (bad.kind !== "answer") return all;
  const oldest = all.body.data.at(-1)?.at ?? Infinity;
  const older = bad.body.data.filter(({ at }) => at < oldest);
  const { metadata, data } = all.body;
  return { kind: "answer", body: { metadata, data: [...data, ...older] } };
}

/** Rare event kinds that are always loaded. */
const BAD_NEWS = EVENT_ROWS.filter(
  ({ severity, name }) => severity === "critical" || name === "started",
).map(({ name }) => name);

/** The configuration of a WAN at the end of the bounds; null if unknown. */
export async function askConfig(
  api: Api,
  wan: string,
  { toMs }: TimeRange,
  signal: AbortSignal,
): Promise<HistoryEvent | null> {
  const query = spanQuery({ fromMs: 0, toMs }, [wan]);
  query.append("kind", "config");
  query.append("limit", "1");
  const outcome = await api.get<EventsAnswer>("api/v1/events", query, signal);
  return outcome.kind === "answer" ? (outcome.body.data[0] ?? null) : null;
}

function spanQuery(
  { fromMs, toMs }: TimeRange,
  wans: readonly string[],
): URLSearchParams {
  const query = new URLSearchParams({
    from: String(Math.round(fromMs)),
    to: String(Math.round(toMs)),
  });
  for (const wan of wans) query.append("wan", wan);
  return query;
}
