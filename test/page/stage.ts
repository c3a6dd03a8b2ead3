import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openIntake } from "../../recorder/ingest/intake.js";
import { openStore } from "../../recorder/store/store.js";
import { openPublisher, type Publisher } from "../../shared/bus/publisher.js";
import { encodeFrame, type Message } from "../../shared/contract/frame.js";
import { systemClock } from "../../shared/runtime/clock.js";
import { makeRunFolder, runFolder } from "../../shared/runtime/paths.js";
import { cycle, stamped, transition } from "../fakes/frames.js";
import { freePort } from "../fakes/free-port.js";
import { collectedLog } from "../recorder/collected-log.js";
import { sleep } from "../recorder/station.js";

const RECORDER = fileURLToPath(
  new URL("../recorder/recorder-process.js", import.meta.url),
);

export const WANS = ["att", "spectrum"] as const;
const BOOT = { att: "00000000000000a1", spectrum: "00000000000000b1" };
const LIVE_BOOT = { att: "00000000000000a2", spectrum: "00000000000000b2" };

const MINUTES = 8;

/** What happened, in minutes before the end: for a while nothing was recorded; then the line was bad. */
const GAP = { from: 6, to: 5 };
const BAD = { from: 3, to: 2.5 };

const CONFIG = {
  download: { floor_mbps: 50, ceiling_mbps: 300 },
  upload: { floor_mbps: 5, ceiling_mbps: 20 },
};

/** A recorder with a past, as a process of its own, and controllers that go on publishing. */
export class Stage {
  readonly endMs = systemClock.wall() - 5_000;
  url = "";
  /** How often each controller has published. */
  published = 0;
  private muted: string | null = null;
  private readonly folder = mkdtempSync(join(tmpdir(), "wanctl-page-"));
  private readonly run = runFolder(join(this.folder, "run"));
  private readonly file = join(this.folder, "recorder.yaml");
  private readonly database = join(this.folder, "m.db");
  private child: ChildProcess | null = null;
  private publishers: Publisher[] = [];
  private beating: NodeJS.Timeout | undefined;

  /** @param token what clients must bring; none where it is empty */
  async open(token = ""): Promise<void> {
    makeRunFolder(this.run);
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}/`;
    const secret = join(this.folder, "token");
    writeFileSync(secret, token);
    writeFileSync(
      this.file,
      `storage: { db_path: ${this.database} }\nhttp: { listen: "127.0.0.1:${port}"${token && `, token_file: ${secret}`} }`,
    );
  }

  /** Eight minutes of both WANs, as a recorder would have them. */
  async remember(): Promise<void> {
    const store = openStore(this.database, systemClock.wall());
    const intake = openIntake(store, systemClock, collectedLog());
    for (const wan of WANS) {
      let seq = 0;
      const take = (message: Message, at: number) =>
        intake.take(
          encodeFrame(
            stamped(message, ++seq, { source: wan, boot: BOOT[wan], at }),
          ),
        );
      const begin = this.endMs - MINUTES * 60_000;
      take({ kind: "config", trigger: "start", config: CONFIG }, begin);
      for (let at = begin; at < this.endMs; at += 50) {
        const ago = (this.endMs - at) / 60_000;
        if (ago <= GAP.from && ago > GAP.to) continue;
        const isBad = wan === "spectrum" && ago <= BAD.from && ago > BAD.to;
        if (isBad && this.badMs + 50 > at) take(transition(), at);
        take(isBad ? BAD_CYCLE : cycle(), at);
        if (seq % 2_000 === 0) intake.commit();
      }
    }
    await intake[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  }

  /** When the bad half minute began. */
  get badMs(): number {
    return this.endMs - BAD.from * 60_000;
  }

  /** Until it answers. */
  async start(): Promise<void> {
    const args = [RECORDER, this.file, this.run.root];
    this.child = spawn(process.execPath, args, { stdio: "ignore" });
    while ((await fetch(this.url).catch(() => null)) === null) await sleep(50);
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    this.child = null;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Once, however often it is asked for. */
  async publish(): Promise<void> {
    if (this.publishers.length > 0) return;
    for (const wan of WANS)
      this.publishers.push(
        await openPublisher(wan, LIVE_BOOT[wan], systemClock, {
          bind: this.run.wanFrames(wan),
          connect: this.run.frames,
        }),
      );
    this.beating = setInterval(() => {
      this.published++;
      WANS.forEach((wan, i) => {
        if (wan !== this.muted)
          this.publishers[i]?.publish(cycle(this.reason()));
      });
    }, 50);
  }

  /** Every third second a long one. */
  private reason(): Parameters<typeof cycle>[0] {
    return Math.floor(this.published / 20) % 3 === 2 ? LONG_REASON : {};
  }

  /** One controller dies; the others go on. */
  mute(wan: string): void {
    this.muted = wan;
  }

  unmute(): void {
    this.muted = null;
  }

  async close(): Promise<void> {
    clearInterval(this.beating);
    for (const publisher of this.publishers)
      await publisher[Symbol.asyncDispose]();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const LONG_REASON = {
  causeDownload: 1,
  causeDownloadUs: 45_300,
  badDownload: 2,
  samplesDownload: 3,
  carriedDownloadKbps: 187_300,
};

const BAD_CYCLE = cycle({
  rttUs: 143_900,
  loadRttUs: 143_900,
  deltaUs: 120_000,
  stateDownload: 3,
  causeDownload: 1,
  causeDownloadUs: 120_000,
});
