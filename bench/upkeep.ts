import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadRecorderConfig } from "../recorder/config.js";
import { openJournal } from "../recorder/journal.js";
import { openClockWatch } from "../recorder/maintenance/clock-watch.js";
import {
  type Maintenance,
  openMaintenance,
} from "../recorder/maintenance/maintenance.js";
import type { Store } from "../recorder/store/store.js";
import type { Clock, MonoMs, WallMs } from "../shared/runtime/clock.js";
import type { Log } from "../shared/runtime/log.js";
import { NOON_MS } from "../test/fakes/simulated-frames.js";

/** The maintenance of a recorder at default settings, on a clock that goes with what is recorded. */
export function maintain(
  folder: string,
  store: Store,
  wallMs: () => number,
): Maintenance {
  const clock: Clock = {
    mono: () => (wallMs() - NOON_MS) as MonoMs,
    wall: () => wallMs() as WallMs,
    sleepUntil: () => Promise.resolve(),
  };
  const file = join(folder, "recorder.yaml");
  writeFileSync(file, `storage: { db_path: ${store.path} }`);
  return openMaintenance(store, clock, QUIET, {
    clockWatch: openClockWatch(clock, store.newestMs()),
    journal: openJournal(store, clock, QUIET),
    policy: loadRecorderConfig(file).values.policy,
  });
}

const QUIET: Log = { info() {}, warn() {}, error() {} };
