import { PERIOD_MS } from "./row.js";
import { HOUR_MS, MINUTE_MS } from "./units.js";

/**
 * The resolutions in which history is kept, finest first; each is rolled up from the previous one. A new tier is a row
 * here, with a code that no tier ever had (databases store it), and a key in recorder/config.ts for its retention.
 * Buckets are aligned to 1970; a tier's step must be a multiple of the previous one.
 */
export const TIER_ROWS = [
  { name: "raw", code: 0, stepMs: PERIOD_MS },
  { name: "1m", code: 1, stepMs: MINUTE_MS },
  { name: "5m", code: 2, stepMs: 5 * MINUTE_MS },
  { name: "1h", code: 3, stepMs: HOUR_MS },
] as const;

export type TierName = (typeof TIER_ROWS)[number]["name"];

/** Bucket length, ms; for raw data the cycle period. */
export const TIER_MS = Object.fromEntries(
  TIER_ROWS.map(({ name, stepMs }) => [name, stepMs]),
) as Readonly<Record<TierName, number>>;
