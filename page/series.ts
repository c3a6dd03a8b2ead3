import type { SeriesValues } from "../shared/history.js";

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

const appended = (a: SeriesValues, b: SeriesValues): SeriesValues => ({
  ...a,
  at: [...a.at, ...b.at],
  min: [...a.min, ...b.min],
  avg: [...a.avg, ...b.avg],
  max: [...a.max, ...b.max],
  count: [...a.count, ...b.count],
  ...(a.stateMs && { stateMs: [...a.stateMs, ...(b.stateMs ?? [])] }),
});

/** What part of a step the state was held, in tenths, rounded up; all of it where that is not known. */
export function shareOf(
  code: number,
  heldMs: readonly number[] | undefined,
): number {
  const allMs = (heldMs ?? []).reduce((sum, ms) => sum + ms, 0);
  const share = allMs > 0 ? (heldMs?.[code] ?? allMs) / allMs : 1;
  return Math.ceil(10 * share) / 10;
}
