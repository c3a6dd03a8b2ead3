import type { RetentionPolicy } from "../../recorder/maintenance/maintenance.js";
import { DAY_MS, HOUR_MS, USUAL } from "./upkeep-of.js";

/** What is a day old goes. */
export const POLICY: RetentionPolicy = {
  ...USUAL,
  keep: {
    ...USUAL.keep,
    raw: DAY_MS,
    "1m": 30 * HOUR_MS,
    "5m": 10 * DAY_MS,
  },
  eventMs: DAY_MS,
};
