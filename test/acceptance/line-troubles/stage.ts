import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import { Failure, reasonOf } from "../../../shared/runtime/failure.js";
import { type Daemon, startDaemon } from "../../bed/daemon.js";
import type { Heard } from "../../bed/heard.js";
import { startListener } from "../../bed/listener.js";
import {
  controllerArgs,
  openSystem,
  settingsOf,
  type System,
} from "../../bed/system.js";
import { openDownloads } from "../../bed/traffic.js";
import { until } from "../../bed/waiting.js";
import { childrenOf, programOf } from "../../processes.js";

/** What the line carries, kbit/s, where no trouble says otherwise. */
export const LINE_KBPS = 20_000;

/** As long as it may take a controller to begin. */
const START_MS = 20_000;

/** A controller at work on a real line under load, and what troubles need to lay hands on. */
export interface Stage extends AsyncDisposable {
  readonly system: System;
  readonly heard: Heard;
  /** A folder of this run's own. */
  readonly folder: string;
  /** The one that runs now. */
  readonly controller: () => Daemon;
  readonly recorder: () => Daemon;
  /** Starts the next one, when the last has ended. */
  startController(settings?: Readonly<Record<string, string>>): Promise<void>;
  startRecorder(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Begins the load again, if it has ended. */
  load(): Promise<void>;
  /** Ends it. */
  unload(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-troubles-"));
  const system = await openSystem(LINE_KBPS);
  // reflectors with names, and measuring by handshakes where pings are filtered
  const server = startListener();
  let { controller, recorder } = system;
  let settings: Readonly<Record<string, string>> = {};
  let load = await openDownloads();
  let loadedAt = performance.now();
  const { heard, run, recorderArgs } = system;
  return {
    ...{ system, heard, folder },
    controller: () => controller,
    recorder: () => recorder,
    async startController(now = settings) {
      settings = now;
      await controller.end;
      const place = heard.frames.length;
      controller = startDaemon(controllerArgs(run), {
        ...settingsOf(run),
        ...now,
      });
      await until("a cycle", START_MS, () => {
        if (controller.hasEnded)
          throw new Failure(`Controller ended: ${controller.said()}`);
        return heard.cyclesFrom(place).length > 0;
      });
    },
    async startRecorder(settings = {}) {
      await recorder.end;
      recorder = startDaemon(recorderArgs, settings);
    },
    async load() {
      if (!load.hasEnded && performance.now() - loadedAt < LOAD_MS) return;
      await unload(load);
      load = await openDownloads();
      loadedAt = performance.now();
    },
    unload: () => unload(load),
    async [Symbol.asyncDispose]() {
      await unload(load);
      await server[Symbol.asyncDispose]();
      await controller[Symbol.asyncDispose]();
      await recorder[Symbol.asyncDispose]();
      await system[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A load that an outage ended is no trouble of the controller's. */
async function unload(load: AsyncDisposable): Promise<void> {
  try {
    await load[Symbol.asyncDispose]();
  } catch (error) {
    console.error(reasonOf(error));
  }
}

/** Downloads end after an hour, and some do when a line was away for long. */
const LOAD_MS = 600_000;

/** The newest cycles, at most so many. */
export const lately = (heard: Heard, count: number): CycleFrame[] =>
  heard.frames
    .slice(-4 * count)
    .filter((frame) => frame.kind === "cycle")
    .slice(-count);

/** The processes that another one started, by name. @throws Failure where there is none of that name */
export function childOf(pid: number, name: string): number {
  const found = childrenOf(pid).find((child) => programOf(child) === name);
  if (found === undefined) throw new Failure(`${pid} has no child '${name}'`);
  return found;
}

/** Runs a command in the mounts that a daemon sees. @throws Failure */
export function inMountsOf({ pid }: Daemon, command: string): void {
  const args = ["-t", `${pid}`, "-m", "--", ...command.split(" ")];
  const { status, stderr } = spawnSync("nsenter", args, { encoding: "utf8" });
  if (status !== 0) throw new Failure(`Cannot run '${command}': ${stderr}`);
}

/** Where the controller keeps what it learned. */
export function stateFolder({ system }: Stage): string {
  const folder = settingsOf(system.run).STATE_DIR;
  mkdirSync(folder, { recursive: true });
  return folder;
}
