import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askHealth } from "../../../shared/runtime/health.js";
import { runFolder, type RunFolder } from "../../../shared/runtime/paths.js";
import { accountOf } from "../../recorder/history.js";
import { amiss, type Sender, sleep } from "../../recorder/station.js";

const WANCTL = fileURLToPath(
  new URL("../../../cli/wanctl.js", import.meta.url),
);

export interface SiteOptions {
  /** Whose process it is; as ours otherwise. */
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Descriptors it may have. */
  readonly files?: number;
}

/** A recorder as a process of its own, looked at from outside. */
export class Site {
  readonly run: RunFolder;
  readonly database: string;
  readonly place: string;
  /** What it has said. */
  log = "";
  peakMb = 0;
  longestMs = 0;
  private readonly file: string;
  private child: ChildProcess | null = null;
  private watching: NodeJS.Timeout | null = null;

  constructor(folder: string) {
    this.place = join(folder, "db");
    mkdirSync(this.place, { recursive: true });
    this.run = runFolder(join(folder, "run"));
    this.database = join(this.place, "metrics.db");
    this.file = join(folder, "recorder.yaml");
    writeFileSync(
      this.file,
      `storage: { db_path: ${this.database} }\nhttp: { listen: off }`,
    );
  }

  /** Until it answers. */
  async start({ uid, env, files }: SiteOptions = {}): Promise<void> {
    const limit = files === undefined ? "" : `ulimit -n ${files}; `;
    const command = `${limit}exec "$0" "$@"`;
    const own = ["recorder", "--config", this.file, "--run-dir", this.run.root];
    const args = ["-c", command, process.execPath, WANCTL, ...own];
    if (uid !== undefined) chmodSync(this.place, 0o777);
    this.child = spawn("bash", args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.child.stderr?.on("data", (part: Buffer) => (this.log += String(part)));
    while ((await askHealth(this.run.recorderHealth)) === null) {
      if (this.hasEnded) throw new Error(`Ended at its start: ${this.log}`);
      await sleep(50);
    }
    this.watching = setInterval(() => void this.look(), 250);
  }

  get hasEnded(): boolean {
    return this.child?.exitCode !== null || this.child.signalCode !== null;
  }

  /** Its memory, and how long it takes to answer. */
  private async look(): Promise<void> {
    try {
      const status = readFileSync(`/proc/${this.child?.pid}/status`, "utf8");
      const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
      this.peakMb = Math.max(this.peakMb, peak);
    } catch {
      return;
    }
    const begun = performance.now();
    await askHealth(this.run.recorderHealth, 60_000);
    this.longestMs = Math.max(this.longestMs, performance.now() - begun);
  }

  /** The share of one processor that it takes in so many seconds. */
  async cpu(seconds: number): Promise<number> {
    const ticks = () => {
      const stat = readFileSync(`/proc/${this.child?.pid}/stat`, "utf8");
      const fields = stat.split(") ")[1]?.split(" ") ?? [];
      return Number(fields[11]) + Number(fields[12]);
    };
    const before = ticks();
    await sleep(seconds * 1e3);
    return (ticks() - before) / seconds;
  }

  async recorder(): Promise<Readonly<Record<string, unknown>>> {
    const health = await askHealth(this.run.recorderHealth, 10_000);
    return (health?.["recorder"] ?? {}) as Record<string, unknown>;
  }

  /** What it answers at its socket. */
  ask(path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      request({ socketPath: this.run.recorderApi, path }, (response) => {
        let text = "";
        response.on("data", (part: Buffer) => (text += String(part)));
        response.on("end", () => {
          resolve(JSON.parse(text));
        });
      })
        .on("error", reject)
        .end();
    });
  }

  async stop(): Promise<void> {
    if (this.watching !== null) clearInterval(this.watching);
    if (this.child === null || this.hasEnded) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }

  /** Prints what became of it and of the WAN that was recorded meanwhile. @returns whether all is as it should be */
  async tell(what: string, sender: Sender, more = ""): Promise<boolean> {
    const wasThere = !this.hasEnded;
    const isSettled = await sender.settle(30_000);
    const { sent } = sender;
    await this.stop();
    const account = accountOf(this.database, sender.boot);
    const lacking = amiss(account, sent);
    const doubled = account?.doubled ?? 0;
    const isExact = isSettled && lacking + doubled === 0;
    console.log(
      `| ${what} | ${this.peakMb.toFixed(0)} MB | ${this.longestMs.toFixed(0)} ms | ${wasThere ? "nobody ended" : "ENDED"} | ${sent.size - lacking} of ${sent.size}, ${doubled} twice${isExact ? "" : " NOT EXACT"} | ${more} |`,
    );
    if (!wasThere) console.log(this.log.slice(-2_000));
    return wasThere && isExact;
  }
}
