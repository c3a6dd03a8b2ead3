import { eachTier } from "../../recorder/tiers/tier.js";
import { openJournal } from "../../recorder/journal.js";
import { openClockWatch } from "../../recorder/maintenance/clock-watch.js";
import {
  type Maintenance,
  openMaintenance,
  type RetentionPolicy,
} from "../../recorder/maintenance/maintenance.js";
import type { Store } from "../../recorder/store/store.js";
import type { Clock } from "../../shared/runtime/clock.js";
import { collectedLog } from "./collected-log.js";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** What the configuration says where it says nothing, but for the room: as much as there is. */
export const USUAL: RetentionPolicy = {
  keep: {
    ...eachTier(() => 365 * DAY_MS),
    raw: 48 * HOUR_MS,
    "1m": 7 * DAY_MS,
    "5m": 7 * DAY_MS,
  },
  eventMs: 365 * DAY_MS,
  maxBytes: Infinity,
  minFreeBytes: 0,
};

/** The maintenance of a store, as the recorder opens it. */
export const openUpkeepOf = (
  store: Store,
  clock: Clock,
  log = collectedLog(),
  policy = USUAL,
): Maintenance =>
  openMaintenance(store, clock, log, {
    clockWatch: openClockWatch(clock, store.newestMs(clock.wall())),
    journal: openJournal(store, clock, log),
    policy,
  });
