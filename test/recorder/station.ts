import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPublisher, type Publisher } from "../../shared/bus/publisher.js";
import { openReplayer, type Replayer } from "../../shared/bus/replayer.js";
import {
  createRing,
  type HeldSeqs,
  type RingLimits,
} from "../../shared/bus/ring.js";
import type { Spool } from "../../shared/bus/spool.js";
import {
  decodeFrame,
  type Frame,
  FRAME_VERSION,
} from "../../shared/contract/frame.js";
import { type Clock, later, systemClock } from "../../shared/runtime/clock.js";
import { askHealth, type Health } from "../../shared/runtime/health.js";
import {
  makeRunFolder,
  runFolder,
  type RunFolder,
} from "../../shared/runtime/paths.js";
import { cycle } from "../fakes/frames.js";
import { type Account, accountOf } from "./history.js";

const PROCESS = fileURLToPath(
  new URL("./recorder-process.js", import.meta.url),
);

export const sleep = (ms: number): Promise<void> =>
  systemClock.sleepUntil(
    later(systemClock.mono(), ms),
    new AbortController().signal,
  );

/** A run folder with its database, and the one recorder process there, which comes and goes. */
export class Station {
  readonly run: RunFolder;
  readonly database: string;
  kills = 0;
  /** What the recorder has said. */
  log = "";
  private readonly file: string;
  private readonly goneMs: number;
  private child: ChildProcess | null = null;

  /** @param settings more of `storage`, as YAML */
  constructor(folder: string, goneMs = 60_000, settings = "", place = folder) {
    mkdirSync(folder, { recursive: true });
    this.run = runFolder(join(folder, "run"));
    this.database = join(place, "metrics.db");
    this.file = join(folder, "recorder.yaml");
    this.goneMs = goneMs;
    writeFileSync(
      this.file,
      `storage: { db_path: ${this.database}, ${settings} }\nhttp: { listen: off }`,
    );
    makeRunFolder(this.run);
  }

  /** @param fault where it dies by itself, `point:n` */
  start(fault = ""): void {
    this.child = spawn(
      process.execPath,
      [PROCESS, this.file, this.run.root, String(this.goneMs)],
      {
        stdio: ["ignore", "ignore", "pipe"],
        env: { ...process.env, NODE_ENV: "test", WANCTL_FAULT: fault },
      },
    );
    this.child.stderr?.on("data", (part: Buffer) => (this.log += String(part)));
  }

  /** The most memory it ever took. */
  peakMb(): number {
    const status = readFileSync(`/proc/${this.child?.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
  }

  health(): Promise<Health | null> {
    return askHealth(this.run.recorderHealth);
  }

  /** Until it answers. */
  async up(): Promise<void> {
    this.start();
    while ((await this.health()) === null) await sleep(20);
  }

  /** Until it has died of the fault it was started with; killed after a while otherwise. */
  async fallen(limitMs = 120_000): Promise<boolean> {
    const ended = once(this.child!, "exit").then(() => true);
    const fell = await Promise.race([ended, sleep(limitMs).then(() => false)]);
    if (fell) this.kills++;
    else await this.kill();
    return fell;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null)
      return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    if (signal === "SIGKILL") this.kills++;
  }

  account(boot: string): Account | null {
    return accountOf(this.database, boot);
  }
}

export interface SenderOptions {
  readonly everyMs: number;
  readonly highWaterMark?: number;
  readonly replay?: RingLimits;
  readonly clock?: Clock;
  /** What an earlier run has left. */
  readonly spools?: readonly Spool[];
}

/** What a controller is on the bus: publishes by itself, and remembers every byte. */
export interface Sender extends AsyncDisposable {
  readonly boot: string;
  readonly sent: ReadonlyMap<number, Frame>;
  readonly replayer: Replayer;
  /** What could still be asked for. */
  held(): HeldSeqs | null;
  /** Publishes no more, and waits until everything is committed. Says whether it is. */
  settle(limitMs: number): Promise<boolean>;
}

export async function openSender(
  wan: string,
  boot: string,
  run: RunFolder,
  {
    everyMs,
    highWaterMark = 200,
    replay = { minutes: 30, megabytes: 16 },
    clock = systemClock,
    spools = [],
  }: SenderOptions,
): Promise<Sender> {
  const ring = createRing(replay);
  const bytesSent = new Map<number, Buffer>();
  const publisher: Publisher = await openPublisher(
    wan,
    boot,
    clock,
    { bind: run.wanFrames(wan), connect: run.frames },
    {
      highWaterMark,
      ring: {
        push(seq, at, bytes) {
          bytesSent.set(seq, Buffer.from(bytes));
          ring.push(seq, at, bytes);
        },
      },
    },
  );
  const replayer = openReplayer(wan, boot, ring, clock, run.sync, {
    spools,
  });
  const publishing = setInterval(() => publisher.publish(cycle()), everyMs);
  return {
    boot,
    replayer,
    held: () => ring.held(),
    get sent() {
      return new Map(
        [...bytesSent].map(([seq, bytes]) => [seq, decodeFrame(bytes).frame]),
      );
    },
    async settle(limitMs) {
      clearInterval(publishing);
      const begun = systemClock.mono();
      while (systemClock.mono() - begun < limitMs)
        if (await replayer.settle(limitMs)) return true;
        else await sleep(20);
      return false;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(publishing);
      await replayer[Symbol.asyncDispose]();
      await publisher[Symbol.asyncDispose]();
    },
  };
}

/** How many frames an account has not, or has otherwise than they were sent. */
export function amiss(account: Account | null, sent: Sender["sent"]): number {
  let count = 0;
  for (const [seq, { v, source, boot, mono, ...was }] of sent) {
    const row = account?.stored.get(seq);
    const isSame =
      v === FRAME_VERSION &&
      source.length + boot.length + mono > 0 &&
      row !== undefined &&
      Object.entries(was).every(([key, value]) => row[key] === value);
    if (!isSame) count++;
  }
  return count;
}
