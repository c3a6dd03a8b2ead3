import { resolve } from "node:path";
import { openInForce } from "../shared/config/in-force.js";
import { systemClock } from "../shared/runtime/clock.js";
import { serveHealth } from "../shared/runtime/health.js";
import { nameOfOwner, openLock } from "../shared/runtime/lock.js";
import { openLog } from "../shared/runtime/log.js";
import { makeRunFolder, type RunFolder } from "../shared/runtime/paths.js";
import { stopSignal } from "../shared/runtime/stop.js";
import { openSupervisor } from "../shared/runtime/supervisor.js";
import { RELOADABLE_RECORDER_KEYS, loadRecorderConfig } from "./config.js";
import { stepsInWords, recoveryOf } from "./health/health.js";
import { openTroubles } from "./health/troubles.js";
import { openApi } from "./http/api.js";
import { openCatchUp } from "./ingest/catch-up.js";
import { openFrameReceiver } from "./ingest/frame-receiver.js";
import { type IntakeLimits, openIntake } from "./ingest/intake.js";
import { FORGOTTEN_MS, openSilences } from "./ingest/silences.js";
import { openSync } from "./ingest/sync.js";
import { openJournal } from "./journal.js";
import { openClockWatch } from "./maintenance/clock-watch.js";
import {
  everySecond,
  inSlices,
  openMaintenance,
} from "./maintenance/maintenance.js";
import { lockDatabase } from "./store/database.js";
import { openLastingStore } from "./store/lasting-store.js";

/**
 * Records what the controllers publish, until a stop signal; then commits everything received.
 * @param file the configuration
 * @throws ConfigError, or Failure if the database or a socket cannot be opened
 */
export async function runRecorder(
  file: string,
  run: RunFolder,
  limits: IntakeLimits = {},
): Promise<void> {
  const read = () => loadRecorderConfig(file);
  const first = read();
  const inForce = openInForce(
    first,
    () => Promise.resolve().then(read),
    RELOADABLE_RECORDER_KEYS,
  );
  const { dbPath, http } = first.values;
  const clock = systemClock;
  const stop = stopSignal();
  const log = openLog("recorder", () => inForce.values.logFormat);
  const supervisor = openSupervisor(clock);

  // two locks: neither the database nor the sockets may have two owners; a second bind would steal all connections
  await using _file = await lockDatabase(dbPath);
  await using _socket = await openLock(
    nameOfOwner("recorder-run", run.root),
    `the recorder for '${resolve(run.root)}'`,
  );
  makeRunFolder(run);
  await using store = openLastingStore(dbPath, clock);
  await using intake = openIntake(store, clock, log, limits);
  const catchUp = openCatchUp(store, intake, clock);
  const journal = openJournal(store, clock, log);
  const clockWatch = openClockWatch(clock, store.newestMs(clock.wall()));
  const maintenance = openMaintenance(store, clock, log, {
    clockWatch,
    journal,
    get policy() {
      return inForce.values.policy;
    },
  });
  const troubles = openTroubles(store, intake, maintenance, journal, clock);
  const silences = openSilences(
    store.unfinished(clock.wall() - FORGOTTEN_MS) ?? [],
    journal,
    clock,
  );
  intake.observe(silences);
  const sync = { refused: 0, held: 0, unsent: 0 };
  const connections = { open: 0, refused: 0 };
  const recovery = {
    connections,
    catchUp,
    sync,
    troubles,
    silences,
    journal,
    config: inForce,
  };
  const served = { url: null as string | null };
  const look = () =>
    recoveryOf(store, intake, maintenance, clock, recovery, served.url);
  const parts = {
    ...{ look, store, intake, maintenance, catchUp, connections },
    ...{ clock, log },
  };
  const socket = run.recorderApi;
  const guarded = http && {
    ...http,
    get token() {
      return inForce.values.http?.token ?? null;
    },
  };
  await using api = await openApi({ http: guarded, socket }, parts);
  served.url = api.url;
  // after the API, so that its observers get every frame
  await using _sync = await openSync(
    run.sync,
    catchUp,
    sync,
    clock,
    connections,
  );
  await using _inbox = await openFrameReceiver(
    run.frames,
    (message) => intake.receive(message),
    clock,
    connections,
  );
  // last: the recorder is ready
  await using _health = await serveHealth(run.recorderHealth, look);

  using _reloads = inForce.atHangup({
    accepted(config, changed) {
      log.info("reloaded", { changed: changed.join(", ") });
      journal.noteConfig("reload", config);
    },
    refused: (why) => journal.note("config_refused", { why }),
  });

  supervisor.ready();
  journal.noteConfig("start", first.shown);
  log.info("started", { db: dbPath, run: run.root });
  if (api.url !== null) log.info("serving", { url: api.url });
  const recording = everySecond(clock, stop, () => {
    store.check();
    intake.commit();
    troubles.look();
    silences.look();
    supervisor.status(() => stepsInWords(look()));
    supervisor.alive();
  });
  const tidying = inSlices(
    clock,
    stop,
    () => !intake.behind && maintenance.slice(),
  );
  await Promise.all([recording, tidying]);
  supervisor.stopping();
  troubles.look();
  journal.flush();
  log.info("stopping", { ...intake.counts });
}
