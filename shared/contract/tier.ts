import { PERIOD_MS } from "./row.js";
import { HOUR_MS, MINUTE_MS } from "./units.js";

/**
 * Every resolution in which the history is kept, finest first; each is rolled up from the one before. A new tier is a row in
 * its place here, with a code that no tier ever had (it stands in databases), and a key in recorder/config.ts that says how
 * long it is kept. Buckets are aligned to 1970, and those of a tier must fill those of the next.
 */
export const TIER_ROWS = [
  { name: "raw", code: 0, stepMs: PERIOD_MS },
  { name: "1m", code: 1, stepMs: MINUTE_MS },
  { name: "5m", code: 2, stepMs: 5 * MINUTE_MS },
  { name: "1h", code: 3, stepMs: HOUR_MS },
] as const;

export type TierName = (typeof TIER_ROWS)[number]["name"];

/** The length of a bucket; of raw data the period of the cycles, ms. */
export const TIER_MS = Object.fromEntries(
  TIER_ROWS.map(({ name, stepMs }) => [name, stepMs]),
) as Readonly<Record<TierName, number>>;
