import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPublisher, type Publisher } from "../shared/bus/publisher.js";
import type { Frame } from "../shared/contract/frame.js";
import { PERIOD_MS } from "../shared/contract/row.js";
import { later, systemClock } from "../shared/runtime/clock.js";
import { askHealth } from "../shared/runtime/health.js";
import { runFolder } from "../shared/runtime/paths.js";
import { simulatedFrames } from "../test/fakes/simulated-frames.js";

/** What HTTP costs the recording: two WANs at their pace, turn by turn without and with clients, in one run. */

const URL_OF_API = "http://127.0.0.1:9155";
const WANCTL = fileURLToPath(new URL("../cli/wanctl.js", import.meta.url));
const TURN_S = 10;
const TURNS = Number(process.argv[2] ?? 3);
const SCRAPES_A_SECOND = 50;
const LISTENERS = 20;

const never = new AbortController().signal;
const pause = (ms: number) =>
  systemClock.sleepUntil(later(systemClock.mono(), ms), never);

/** In a process of their own, so that they do not disturb who measures. Says what they got when asked to end. */
async function clients(): Promise<void> {
  const got = { scrapes: 0, failed: 0, frames: 0 };
  const over = new AbortController();
  process.once("message", () => over.abort());
  const streams = Array.from({ length: LISTENERS }, () =>
    get(`${URL_OF_API}/api/v1/live`, { agent: false }, (answer) =>
      answer.on("data", (part: Buffer) => {
        got.frames += String(part).split("\ndata: ").length - 1;
      }),
    ),
  );
  let due = systemClock.mono();
  while (!over.signal.aborted) {
    void fetch(`${URL_OF_API}/metrics`)
      .then((answer) => answer.text())
      .then(() => got.scrapes++)
      .catch(() => got.failed++);
    due = later(due, 1e3 / SCRAPES_A_SECOND);
    await systemClock.sleepUntil(due, never);
  }
  for (const stream of streams) stream.destroy();
  process.send?.(got);
  process.disconnect();
}

interface Figures {
  commits: number[];
  waits: number[];
  cpuMs: number;
  rssMb: number;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-http-"));
  const run = runFolder(join(folder, "run"));
  const file = join(folder, "recorder.yaml");
  writeFileSync(
    file,
    `storage: { db_path: ${folder}/m.db }\nhttp: { listen: "${URL_OF_API.slice(7)}" }`,
  );
  const args = ["recorder", "--config", file, "--run-dir", run.root];
  const recorder = spawn(process.execPath, [WANCTL, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  while ((await askHealth(run.recorderHealth)) === null) await pause(50);
  await pause(2_000);

  const beats = (2 * TURNS * TURN_S * 1e3) / PERIOD_MS;
  const lines: { frames: Frame[]; publisher: Publisher }[] = [];
  for (const wan of ["spectrum", "att"] as const)
    lines.push({
      frames: await simulatedFrames(wan, beats),
      publisher: await openPublisher(wan, "0123456789abcdef", systemClock, {
        bind: run.wanFrames(wan),
        connect: run.frames,
      }),
    });

  let beat = 0;
  let due = systemClock.mono();
  async function turn(figures: Figures): Promise<void> {
    const before = cpuMs(recorder.pid);
    for (const end = beat + (TURN_S * 1e3) / PERIOD_MS; beat < end; beat++) {
      due = later(due, PERIOD_MS);
      await systemClock.sleepUntil(due, never);
      for (const { frames, publisher } of lines) {
        const frame = frames[beat];
        if (frame !== undefined) publisher.publish(frame);
      }
      const asked = systemClock.mono();
      void askHealth(run.recorderHealth).then((health) => {
        figures.waits.push(systemClock.mono() - asked);
        const { lastCommitMs } = (health?.["recorder"] ?? {}) as {
          lastCommitMs?: number;
        };
        if (lastCommitMs !== figures.commits.at(-1) && lastCommitMs)
          figures.commits.push(lastCommitMs);
      });
    }
    figures.cpuMs += cpuMs(recorder.pid) - before;
    figures.rssMb = rssMb(recorder.pid);
  }

  const empty = (): Figures => ({ commits: [], waits: [], cpuMs: 0, rssMb: 0 });
  const [quiet, busy] = [empty(), empty()];
  const got = { scrapes: 0, failed: 0, frames: 0 };
  for (let i = 0; i < TURNS; i++) {
    await turn(quiet);
    const child = fork(fileURLToPath(import.meta.url), ["clients"]);
    await turn(busy);
    const said = once(child, "message");
    child.send("end");
    const [part] = (await said) as [typeof got];
    for (const key of ["scrapes", "failed", "frames"] as const)
      got[key] += part[key];
  }
  const text = await (await fetch(`${URL_OF_API}/metrics`)).text();
  const dropped = /^wanctl_live_dropped_total (\d+)$/m.exec(text)?.[1];
  for (const { publisher } of lines) await publisher[Symbol.asyncDispose]();
  recorder.kill("SIGTERM");
  await once(recorder, "exit");
  rmSync(folder, { recursive: true });

  print("no clients", quiet);
  print(`${SCRAPES_A_SECOND} scrapes/s, ${LISTENERS} live clients`, busy);
  const seconds = TURNS * TURN_S;
  console.log(
    `they got ${(got.scrapes / seconds).toFixed(0)} scrapes/s (${got.failed} failed), ${(got.frames / seconds / LISTENERS).toFixed(1)} frames/s each; dropped for slow clients: ${dropped}`,
  );
}

function print(what: string, { commits, waits, cpuMs, rssMb }: Figures): void {
  const at = (values: number[], share: number) => {
    values.sort((a, b) => a - b);
    return (values[Math.floor(share * (values.length - 1))] ?? NaN).toFixed(1);
  };
  console.log(
    [
      `${what}: commit p50 ${at(commits, 0.5)} ms, p99 ${at(commits, 0.99)} ms,`,
      `answer p50 ${at(waits, 0.5)} ms, p99 ${at(waits, 0.99)} ms, longest ${at(waits, 1)} ms,`,
      `CPU ${(cpuMs / TURNS / TURN_S / 10).toFixed(1)} %, RSS ${rssMb.toFixed(0)} MB`,
    ].join(" "),
  );
}

/** Linux counts CPU time in hundredths of a second. */
function cpuMs(pid = 0): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1];
  const fields = stat?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssMb(pid = 0): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1e3;
}

await (process.argv[2] === "clients" ? clients() : main());
