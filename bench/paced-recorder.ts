import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPublisher } from "../shared/bus/publisher.js";
import { later, systemClock } from "../shared/runtime/clock.js";
import { askHealth } from "../shared/runtime/health.js";
import { runFolder } from "../shared/runtime/paths.js";
import { scaledClock } from "../test/fakes/scaled-clock.js";
import { simulatedFrames } from "../test/fakes/simulated-frames.js";

const PERIOD_MS = 50;
/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;
/** Twenty minutes: played over and over. */
const BEATS_MAX = 24_000;
const RSS_SAMPLES = 12;
const SLACK_MS = 60_000;
const WANCTL = fileURLToPath(new URL("../cli/wanctl.js", import.meta.url));

/**
 * The recorder as a process, and two WANs' frames as they come, or `speed` times as fast: what it takes, seen from outside.
 */
export async function paced(
  folder: string,
  lengthS: number,
  speed: number,
  print: (line: string) => void,
): Promise<void> {
  const run = runFolder(join(folder, "run"));
  const file = join(folder, "recorder.yaml");
  writeFileSync(
    file,
    `storage: { db_path: ${folder}/paced.db }\nhttp: { listen: off }`,
  );
  const args = ["recorder", "--config", file, "--run-dir", run.root];
  const recorder = spawn(process.execPath, [WANCTL, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...unitEnvironment() },
  });
  const exit = once(recorder, "exit");
  const never = new AbortController().signal;
  const pause = (ms: number) =>
    systemClock.sleepUntil(later(systemClock.mono(), ms), never);
  while ((await askHealth(run.recorderHealth)) === null) await pause(50);

  const wans = ["spectrum", "att"] as const;
  const beats = lengthS * speed * (1e3 / PERIOD_MS);
  const clock =
    speed === 1 ? systemClock : scaledClock(speed, lengthS * 1e3 + SLACK_MS);
  const publishers = [];
  for (const wan of wans)
    publishers.push({
      frames: await simulatedFrames(wan, Math.min(beats, BEATS_MAX)),
      publisher: await openPublisher(wan, "0123456789abcdef", clock, {
        bind: run.wanFrames(wan),
        connect: run.frames,
      }),
    });
  const before = usage(recorder.pid);
  const commits: number[] = [];
  const rssMb: number[] = [];
  let waitMs = 0;
  let due = systemClock.mono();
  for (let beat = 0; beat < beats; beat++) {
    due = later(due, PERIOD_MS / speed);
    await systemClock.sleepUntil(due, never);
    for (const { frames, publisher } of publishers) {
      const frame = frames[beat % frames.length];
      if (frame !== undefined) publisher.publish(frame);
    }
    if (beat % Math.ceil(beats / RSS_SAMPLES) === 0)
      rssMb.push(usage(recorder.pid).rssKb / 1e3);
    if (beat % (20 * speed) !== 0) continue;
    const asked = systemClock.mono();
    void askHealth(run.recorderHealth).then((health) => {
      waitMs = Math.max(waitMs, systemClock.mono() - asked);
      const { lastCommitMs } = (health?.["recorder"] ?? {}) as {
        lastCommitMs?: number | null;
      };
      if (typeof lastCommitMs === "number") commits.push(lastCommitMs);
    });
  }
  const after = usage(recorder.pid);
  for (const { publisher } of publishers)
    await publisher[Symbol.asyncDispose]();
  recorder.kill("SIGTERM");
  await exit;
  commits.sort((a, b) => a - b);
  const at = (share: number) =>
    (commits[Math.floor(share * (commits.length - 1))] ?? NaN).toFixed(1);
  const gbPerDay = ((after.bytes - before.bytes) / lengthS) * 86_400e-9;
  print(
    [
      `${lengthS} s at ${(speed * 2e3) / PERIOD_MS} frames/s:`,
      `CPU ${((after.cpuMs - before.cpuMs) / lengthS / 10).toFixed(2)} %,`,
      `RSS at most ${(after.peakKb / 1e3).toFixed(0)} MB (${rssMb.map((mb) => mb.toFixed(0)).join(" ")}),`,
      `${gbPerDay.toFixed(2)} GB written a day,`,
      `commit p50 ${at(0.5)} ms, p99 ${at(0.99)} ms,`,
      `longest wait for an answer ${waitMs.toFixed(1)} ms`,
    ].join(" "),
  );
}

/** What the recorder's unit sets. */
function unitEnvironment(): Record<string, string> {
  const unit = readFileSync(
    new URL("../../systemd/wanctl-recorder.service", import.meta.url),
    "utf8",
  );
  const lines = unit.matchAll(/^Environment=(\w+)=(.*)$/gm);
  return Object.fromEntries(
    [...lines].map(([, name = "", value = ""]) => [name, value]),
  );
}

function usage(pid = 0) {
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8");
  const stat = read("stat").split(") ")[1]?.split(" ") ?? [];
  return {
    cpuMs: (Number(stat[11]) + Number(stat[12])) * TICK_MS,
    bytes: Number(/^write_bytes: (\d+)$/m.exec(read("io"))?.[1]),
    rssKb: Number(/^VmRSS:\s+(\d+) kB$/m.exec(read("status"))?.[1]),
    peakKb: Number(/^VmHWM:\s+(\d+) kB$/m.exec(read("status"))?.[1]),
  };
}
