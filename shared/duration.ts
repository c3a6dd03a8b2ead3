const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
};

/** More than a database can hold. */
const LONGEST_MS = 100 * 365 * DAY_MS;

/** Lengths in a row: they add up. */
export const DURATION = /^(\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/;

/** "90m", "1h30m", "1.5d"; null for anything else, and for nothing and more than a hundred years. Units: ms s m h d w y. */
export function parseDuration(text: string): number | null {
  const compact = text.replace(/\s+/g, "").toLowerCase();
  if (!DURATION.test(compact)) return null;
  let ms = 0;
  for (const [, number, unit = ""] of compact.matchAll(/([\d.]+)([a-z]+)/g))
    ms += Number(number) * (UNIT_MS[unit] ?? NaN);
  return ms > 0 && ms <= LONGEST_MS ? ms : null;
}
