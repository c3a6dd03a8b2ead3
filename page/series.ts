import type { SeriesValues } from "../shared/contract/history.js";

const isSame = (a: SeriesValues, b: SeriesValues): boolean =>
  a.metric === b.metric && a.labels["direction"] === b.labels["direction"];

/** The later part of an answer behind the earlier one. */
export function joined(
  before: readonly SeriesValues[],
  after: readonly SeriesValues[],
): readonly SeriesValues[] {
  const grown = before.map((series) => {
    const more = after.find((each) => isSame(each, series));
    return more === undefined ? series : appended(series, more);
  });
  const fresh = after.filter(
    (series) => !before.some((each) => isSame(each, series)),
  );
  return [...grown, ...fresh];
}

const LISTS = ["at", "min", "avg", "max", "count"] as const;

/** Every list of a series made anew; times in states are unknown in a step that does not tell them. */
function rebuilt(
  series: SeriesValues,
  make: <T>(list: (of: SeriesValues) => readonly T[]) => readonly T[],
): SeriesValues {
  const lists = Object.fromEntries(
    LISTS.map((name) => [name, make((of) => of[name])]),
  );
  if (series.metric !== "wanctl_state") return { ...series, ...lists };
  const stateMs = make((of) => of.stateMs ?? of.at.map(() => []));
  return { ...series, ...lists, stateMs };
}

const appended = (a: SeriesValues, b: SeriesValues): SeriesValues =>
  rebuilt(a, (list) => [...list(a), ...list(b)]);

/** The series without what is before `fromMs`. */
export function since(series: SeriesValues, fromMs: number): SeriesValues {
  const first = series.at.findIndex((at) => at >= fromMs);
  return first <= 0
    ? series
    : rebuilt(series, (list) => list(series).slice(first));
}

/** What part of a step the state was held, in tenths, rounded up; all of it where that is not known. */
export function shareOf(
  code: number,
  heldMs: readonly number[] | undefined,
): number {
  const allMs = (heldMs ?? []).reduce((sum, ms) => sum + ms, 0);
  const share = allMs > 0 ? (heldMs?.[code] ?? allMs) / allMs : 1;
  return Math.ceil(10 * share) / 10;
}
