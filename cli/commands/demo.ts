import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { Failure } from "../../shared/runtime/failure.js";
import { askHealth, type Health } from "../../shared/runtime/health.js";
import { nameOfOwner, openLock } from "../../shared/runtime/lock.js";
import { stopSignal } from "../../shared/runtime/stop.js";
import { answerOf } from "../answer.js";
import { openBoard } from "../demo/board.js";
import {
  type Child,
  type DemoFolder,
  openDemoFolder,
  startChild,
} from "../demo/folder.js";
import { listen } from "../live/listener.js";
import { example, positive } from "./options.js";

export function declare(command: Command): void {
  command
    .option(
      "--dir <dir>",
      "folder for its files (default: a folder of the user in /tmp)",
    )
    .option(
      "--seconds <n>",
      "stop after this time (default: at Ctrl-C)",
      positive,
    )
    .addHelpText("after", example("wanctl demo --seconds 60"))
    .action((options: DemoOptions) => demo(options));
}

export interface DemoOptions {
  readonly dir?: string;
  readonly seconds?: number;
}

const WANS = ["spectrum", "att"];

/**
 * Runs two controllers on simulated lines and a recorder, each in a process, until a signal or for some seconds.
 * @throws Failure if it cannot start, or one of the processes ends by itself
 */
export async function demo({ dir, seconds }: DemoOptions): Promise<void> {
  const stop = stopSignal();
  const folder = openDemoFolder(dir, [...WANS, "recorder"]);
  await using _lock = await openLock(
    nameOfOwner("demo", folder.root),
    `a demo in '${folder.root}'`,
  );
  const over = new AbortController();
  let fallen: string | undefined;
  stop.addEventListener("abort", () => over.abort());
  if (seconds !== undefined)
    setTimeout(() => over.abort(), seconds * 1e3).unref();
  const start = (program: string, name: string) => {
    const child = startChild(
      name,
      [program, "--config", folder.config(name), "--run-dir", folder.run.root],
      folder.log(name),
    );
    void child.ended.then((how) => {
      if (over.signal.aborted) return;
      fallen = epitaph(child, how);
      over.abort();
    });
    return child;
  };

  await using _recorder = start("recorder", "recorder");
  // frames sent before the recorder listens for the first time would be lost
  const recorder = await answering(folder.run.recorderHealth, over.signal);
  if (recorder !== null) {
    const page = answerOf(recorder).text("recorder.httpUrl");
    process.stdout.write(introduction(folder, page));
    await using _controllers = together(
      WANS.map((wan) => start("controller", wan)),
    );
    await show(folder, over.signal);
  }
  if (fallen !== undefined) throw new Failure(fallen);
  process.stdout.write(`stopped; history is kept in ${folder.database}\n`);
}

async function show(folder: DemoFolder, over: AbortSignal): Promise<void> {
  const board = openBoard(process.stdout);
  const updating = setInterval(() => board.update(), 1000);
  const options = { wans: WANS, refuse: () => undefined };
  for await (const frame of listen(folder.run, options, over))
    board.hear(frame);
  clearInterval(updating);
}

/** The first answer; null if `over` comes first. */
async function answering(
  socket: string,
  over: AbortSignal,
): Promise<Health | null> {
  while (!over.aborted) {
    const health = await askHealth(socket);
    if (health !== null) return health;
    await pause(50, undefined, { signal: over }).catch(() => undefined);
  }
  return null;
}

/** Stops all children in parallel. */
const together = (children: readonly Child[]): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  },
});

const epitaph = (child: Child, how: string): string =>
  `Cannot continue the demo: '${child.name}' ended by itself (${how}); its log ends with: ${child.lastWords()}`;

const introduction = (
  { root, run }: DemoFolder,
  page: string | null,
): string => `\
wanctl demo: two simulated lines with a controller each, and one recorder.
Everything is in ${root}

  page      ${page === null ? "none" : `${page}/`}
  history   WANCTL_RUN=${run.root} npx wanctl history --last 5m --plot
  live      WANCTL_RUN=${run.root} npx wanctl tap
  status    WANCTL_RUN=${run.root} npx wanctl status
  stop      Ctrl-C

State of download/upload, RTT and delta, load/wanted rate, and the cause:

`;
