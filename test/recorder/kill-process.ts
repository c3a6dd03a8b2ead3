import { openCatchUp } from "../../recorder/ingest/catch-up.js";
import { openFrameReceiver } from "../../recorder/ingest/frame-receiver.js";
import { openIntake } from "../../recorder/ingest/intake.js";
import { openSync } from "../../recorder/ingest/sync.js";
import { openJournal } from "../../recorder/journal.js";
import { openClockWatch } from "../../recorder/maintenance/clock-watch.js";
import { openMaintenance } from "../../recorder/maintenance/maintenance.js";
import { openLastingStore } from "../../recorder/store/lasting-store.js";
import { systemClock, type WallMs } from "../../shared/runtime/clock.js";
import { runFolder } from "../../shared/runtime/paths.js";
import { collectedLog } from "./collected-log.js";
import { POLICY } from "./kill-policy.js";

/**
 * The recorder without its configuration, health and service, in a hurry: it starts in half the time and commits fifty
 * times as often, so that hundreds of it can be killed: `node kill-process.js DATABASE RUN [WALL_MS]`.
 */
const COMMIT_MS = 20;

const [database = "", root = "", wallMs] = process.argv.slice(2);
const begun = systemClock.mono();
const clock =
  wallMs === undefined
    ? systemClock
    : {
        ...systemClock,
        wall: () =>
          Math.round(Number(wallMs) + systemClock.mono() - begun) as WallMs,
      };
const run = runFolder(root);
const log = collectedLog();
const store = openLastingStore(database, clock);
const intake = openIntake(store, clock, log);
await openFrameReceiver(
  run.frames,
  (message) => intake.receive(message),
  clock,
);
const syncCounts = { refused: 0, held: 0, unsent: 0 };
const catchUp = openCatchUp(store, intake, clock);
await openSync(run.sync, catchUp, syncCounts, clock);
const maintenance = openMaintenance(store, clock, log, {
  clockWatch: openClockWatch(clock, store.newestMs()),
  journal: openJournal(store, clock, log),
  policy: POLICY,
});
setInterval(() => {
  intake.commit();
  maintenance.slice();
}, COMMIT_MS);
