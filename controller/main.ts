import { randomBytes } from "node:crypto";
import { openPublisher } from "../shared/bus/publisher.js";
import { systemClock } from "../shared/clock.js";
import { eachDirection, type PerDirection } from "../shared/direction.js";
import { serveHealth } from "../shared/health.js";
import { openLock } from "../shared/lock.js";
import { openLog } from "../shared/log.js";
import { makeRunFolder, type RunFolder } from "../shared/paths.js";
import { PERIOD_MS } from "../shared/row.js";
import { stopSignal } from "../shared/stop.js";
import { openSupervisor } from "../shared/supervisor.js";
import { loadControllerConfig, type ControllerConfig } from "./config.js";
import { cycle, type Wan } from "./cycle.js";
import type { ControlState } from "./law/control.js";
import { ratesOf } from "./law/shaper-rate.js";
import { openLine } from "./line.js";
import { metronome } from "./metronome.js";
import type { Report } from "./report.js";
import { openView } from "./view.js";
import { openWatch } from "./watch.js";

/** How long a stop may take to set the rates that stay behind. */
const LEAVE_MS = 500;

/** One WAN's controller, until a stop signal. @throws ConfigError, Failure */
export async function runController(
  file: string,
  run: RunFolder,
): Promise<void> {
  const { values: config, shown } = loadControllerConfig(file);
  const { wan, policy } = config;
  const clock = systemClock;
  const stop = stopSignal();
  const log = openLog(wan, config.logFormat);
  const supervisor = openSupervisor(clock);
  const boot = randomBytes(8).toString("hex");

  await using _lock = await openLock(
    lockName(config, run),
    `controller '${wan}'`,
  );
  makeRunFolder(run);
  await using publisher = await openPublisher(wan, boot, clock, {
    bind: run.wanFrames(wan),
    connect: run.frames,
  });
  const report: Report = (event, detail) => {
    log.info(event, detail);
    publisher.publish({ kind: "event", event, detail });
  };
  await using line = await openLine(config, clock, report);
  const view = openView(wan, boot, line, publisher.counts, clock);
  await using _health = await serveHealth(run.wanHealth(wan), () =>
    view.health(),
  );
  const watch = openWatch(config.probe.reflectors, clock, report);

  report("started", {
    boot,
    backend: config.shaper.backend,
    run_dir: run.root,
  });
  publisher.publish({ kind: "config", trigger: "start", config: shown });
  const loop: Wan = { policy, line, publisher, watch, view };
  let state: ControlState | null = null;
  for await (const tick of metronome(PERIOD_MS, clock, stop)) {
    const isFirst = state === null;
    state = cycle(loop, state, tick);
    if (isFirst) supervisor.ready();
    supervisor.alive();
  }
  supervisor.stopping();
  report("stopping", { boot });
  if (state !== null && config.onStop !== "leave")
    await line.shaper.leave(ratesToLeave(config, state), LEAVE_MS);
}

/** One controller per WAN on this machine; of a simulated WAN, one per run folder. */
const lockName = ({ wan, shaper }: ControllerConfig, run: RunFolder): string =>
  shaper.backend === "simulated" ? `${run.root}/${wan}` : wan;

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
