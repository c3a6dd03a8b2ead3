import type {
  History,
  Resolution,
  Selection,
  Span,
} from "../../recorder/query/history.js";
import type {
  EventsAnswer,
  RangeAnswer,
  SeriesAnswer,
  SummaryAnswer,
} from "../../shared/contract/history.js";
import { lengthText } from "./calendar.js";
import { SHAPE } from "./shape.js";
import { type Address, ask, unreadable } from "./transport.js";

/** What `wanctl history` asks. */
export type Past = Omit<History, "gaps">;

type Parameters = Readonly<
  Record<string, string | number | readonly string[] | undefined>
>;

/** The history as a recorder answers it over HTTP. @throws Failure in one line */
export function openRemote(address: Address): Past {
  async function get<T>(
    route: keyof typeof SHAPE,
    parameters: Parameters,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const path = `/api/v1/${route}?${queryOf(parameters).toString()}`;
    const answer = await ask(address, path, signal);
    if (SHAPE[route].Check(answer)) return answer as T;
    throw unreadable(address, answer);
  }
  return {
    series: (signal) => get<SeriesAnswer>("series", {}, signal),
    range: ({ resolution, cursor, ...selection }, signal) =>
      get<RangeAnswer>(
        "range",
        { ...selected(selection), ...resolved(resolution), cursor },
        signal,
      ),
    summary: (selection, signal) =>
      get<SummaryAnswer>("summary", selected(selection), signal),
    events: ({ kinds, limit, cursor, ...span }, signal) =>
      get<EventsAnswer>(
        "events",
        { ...spanned(span), kind: kinds, limit, cursor },
        signal,
      ),
  };
}

const spanned = ({ fromMs, toMs, wans }: Span): Parameters => ({
  from: fromMs,
  to: toMs,
  wan: wans,
});

const selected = ({ metrics, ...span }: Selection): Parameters => ({
  ...spanned(span),
  metric: metrics,
});

function resolved(resolution: Resolution): Parameters {
  if (resolution === "cycle") return { step: "cycle" };
  return "points" in resolution
    ? { points: resolution.points }
    : { step: lengthText(resolution.stepMs) };
}

function queryOf(parameters: Parameters): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const each of [value ?? []].flat()) query.append(name, String(each));
  return query;
}
