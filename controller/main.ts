import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { openPublisher } from "../shared/bus/publisher.js";
import { openReplayer } from "../shared/bus/replayer.js";
import { createRing } from "../shared/bus/ring.js";
import { deleteSpool, readSpool, writeSpool } from "../shared/bus/spool.js";
import { openInForce } from "../shared/config/in-force.js";
import {
  eachDirection,
  type PerDirection,
} from "../shared/contract/direction.js";
import { levelOf } from "../shared/contract/event.js";
import type { Message } from "../shared/contract/frame.js";
import { PERIOD_MS } from "../shared/contract/row.js";
import {
  atMost,
  type Clock,
  msSince,
  systemClock,
} from "../shared/runtime/clock.js";
import { reasonOf } from "../shared/runtime/failure.js";
import { serveHealth } from "../shared/runtime/health.js";
import { nameOfOwner, openLock } from "../shared/runtime/lock.js";
import { openLog } from "../shared/runtime/log.js";
import type { Report } from "../shared/runtime/outage.js";
import { makeRunFolder, type RunFolder } from "../shared/runtime/paths.js";
import { stopSignal } from "../shared/runtime/stop.js";
import { openSupervisor } from "../shared/runtime/supervisor.js";
import {
  type Checkpoint,
  NO_CHECKPOINT,
  openCheckpoint,
} from "./checkpoint.js";
import { openConditionWatch } from "./condition/condition-watch.js";
import {
  openCallsWatch,
  openLearnedWatch,
  openRouterWatch,
} from "./condition/samples.js";
import { openHealthView } from "./condition/view.js";
import { openWatch } from "./condition/watch.js";
import {
  type ControllerConfig,
  loadControllerConfig,
} from "./config/config.js";
import { readBeside, RELOADABLE_KEYS } from "./config/reload.js";
import { cycle, type WanLoop } from "./cycle.js";
import type { ControlState } from "./law/control.js";
import { ratesOf } from "./law/rate-state.js";
import { metronome } from "./line/metronome.js";
import { openLine } from "./line/open.js";
import { backendOf } from "./shapers/backends.js";

/** At stop: time limit for setting the final rates, ms. */
const LEAVE_MS = 500;

/** At stop: time limits for the recorder to commit the last frames, and for all up to then, ms. */
const SETTLE_MS = 700;
const STOP_MS = 850;

/** At stop: time limits for writing the checkpoint and the uncommitted frames, ms, in case the disk hangs. */
const SAVE_MS = 100;
const SAVE_REMAINS_MS = 400;

/** One WAN's controller, until a stop signal. @throws ConfigError, Failure */
export async function runController(
  file: string,
  run: RunFolder,
): Promise<void> {
  const first = loadControllerConfig(file);
  const { values: config, shown } = first;
  const inForce = openInForce(first, () => readBeside(file), RELOADABLE_KEYS);
  const { wan } = config;
  const clock = systemClock;
  const stop = stopSignal();
  const log = openLog(wan, () => inForce.values.logFormat);
  const supervisor = openSupervisor(clock);
  const boot = randomBytes(8).toString("hex");

  await using _lock = await openLock(
    lockName(config, run),
    `controller '${wan}'`,
  );
  makeRunFolder(run);
  const ring = createRing(config.replay);
  await using publisher = await openPublisher(
    wan,
    boot,
    clock,
    { bind: run.wanFrames(wan), connect: run.frames },
    { ring },
  );
  const spoolFile = remainsFileOf(config, run);
  await using replayer = openReplayer(wan, boot, ring, clock, run.sync, {
    spools: readSpool(spoolFile, wan),
    inherited: () => void deleteSpool(spoolFile),
  });
  const report: Report = (event, detail) => {
    log[levelOf(event)](event, detail);
    publisher.publish({ kind: "event", event, detail });
  };
  await using line = await openLine(
    config,
    // changes with a reload
    {
      get policy() {
        return inForce.values.policy;
      },
    },
    clock,
    report,
  );
  const bus = () => ({
    ...publisher.counts,
    held: ring.held(),
    ...ring.counts,
    sync: replayer.counts,
  });
  const checkpoint = openOwnCheckpoint(config, clock, report);
  const publish = (message: Message) => publisher.publish(message);
  const condition = openConditionWatch(clock, report, publish);
  const calls = openCallsWatch(() => line.calls(), publish);
  const router = openRouterWatch(publish);
  const learned = openLearnedWatch(publish);
  const view = openHealthView(
    wan,
    boot,
    { line, bus, checkpoint, condition, config: inForce },
    clock,
  );
  await using _health = await serveHealth(run.wanHealth(wan), () =>
    view.health(),
  );
  const watch = openWatch(config.probe.reflectors, clock, report);
  using _reloads = inForce.atHangup({
    accepted(config, changed) {
      log.info("reloaded", { changed: changed.join(", ") });
      publisher.publish({ kind: "config", trigger: "reload", config });
    },
    refused: (why) => report("config_refused", { why }),
  });

  report("started", {
    boot,
    backend: config.shaper.backend,
    run_dir: run.root,
    checkpoint: config.checkpointFile,
    rates: checkpoint.known.rateBps === null ? "base" : "continued",
  });
  publisher.publish({ kind: "config", trigger: "start", config: shown });
  const loop: WanLoop = {
    get policy() {
      return inForce.values.policy;
    },
    ...{ line, publisher, checkpoint, watch, condition },
    ...{ calls, router, learned, view },
  };
  let state: ControlState | null = null;
  for await (const tick of metronome(PERIOD_MS, clock, stop)) {
    const isFirst = state === null;
    state = cycle(loop, state, tick);
    if (isFirst) supervisor.ready();
    supervisor.alive();
    supervisor.status(() => view.words());
  }
  const stoppedAt = clock.mono();
  supervisor.stopping();
  if (state !== null && inForce.values.onStop !== "leave")
    await line.shaper.leave(ratesToLeave(inForce.values, state), LEAVE_MS);
  // the last frame of the run: marks a regular end
  report("stopping", { boot });
  await atMost(SAVE_MS, checkpoint.close());
  const leftMs = STOP_MS - msSince(stoppedAt, clock.mono());
  await replayer.settle(Math.min(SETTLE_MS, leftMs));
  const { megabytes } = config.replay;
  const left = writeSpool(spoolFile, wan, replayer.spools(), megabytes);
  await atMost(
    SAVE_REMAINS_MS,
    left.catch((error: unknown) =>
      log.warn("frames_left_lost", { why: reasonOf(error) }),
    ),
  );
}

/** One controller per WAN on this machine; for a simulated WAN, one per run folder. */
const lockName = ({ wan, shaper }: ControllerConfig, run: RunFolder): string =>
  backendOf(shaper).isSimulated ? nameOfOwner(wan, run.root) : wan;

/** The checkpoint, bound to this line's devices and source address (CTRL-06). */
function openOwnCheckpoint(
  { wan, checkpointFile, probe, shaper, policy }: ControllerConfig,
  clock: Clock,
  report: Report,
): Checkpoint {
  if (checkpointFile === null) return NO_CHECKPOINT;
  const queues = backendOf(shaper).identity(shaper);
  const line = [queues, probe.interface, probe.source].join(" ");
  const { reflectors } = probe;
  const of = { wan, line, reflectors, policy };
  return openCheckpoint(checkpointFile, of, clock, report);
}

const remainsFileOf = (
  { wan, checkpointFile }: ControllerConfig,
  run: RunFolder,
): string =>
  checkpointFile === null
    ? run.wanRemains(wan)
    : join(dirname(checkpointFile), `${wan}.frames`);

/** CTRL-07 */
function ratesToLeave(
  { onStop, policy }: ControllerConfig,
  state: ControlState,
): PerDirection<number> {
  switch (onStop) {
    case "base":
      return eachDirection((direction) => policy.limits[direction].baseBps);
    case "ceiling":
      return eachDirection((direction) => policy.limits[direction].ceilingBps);
    case "leave":
      return ratesOf(state.rate);
  }
}
