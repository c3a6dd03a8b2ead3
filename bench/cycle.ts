import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CycleFrame } from "../shared/contract/frame.js";
import { runFolder, type RunFolder } from "../shared/runtime/paths.js";
import { startDaemon } from "../test/bed/daemon.js";
import { openHeard } from "../test/bed/heard.js";
import { SHAPING } from "../test/bed/kernel.js";
import { openLine } from "../test/bed/line.js";
import { addQueue } from "../test/bed/queues.js";
import { spreadOf } from "../test/bed/spread.js";
import { openDownloads } from "../test/bed/traffic.js";
import { pause } from "../test/bed/waiting.js";
import { childrenOf, programOf } from "../test/processes.js";
import { stepCost } from "./step.js";

/**
 * How late the cycles of two controllers are while both their lines are under load, and what each process costs; with a
 * recorder and without, in turns; before that, what a step of the law costs. Root; on this kernel.
 *
 *   node dist/bench/cycle.js [BLOCKS] [SECONDS_PER_BLOCK]
 */

const WANS = ["spectrum", "att"] as const;
const SELF = fileURLToPath(import.meta.url);
const WANCTL = fileURLToPath(new URL("../cli/wanctl.js", import.meta.url));

/** Asked for by itself: one loaded line and its controller, until standard input ends. */
const LINE_OF = "--line-of";
const CAPACITIES_KBPS = [20_000, 8_000];
const CHANGE_MS = 10_000;

async function playLine(wan: string, runDir: string): Promise<void> {
  await using line = await openLine(20_000);
  for (const direction of ["download", "upload"] as const)
    addQueue(SHAPING, direction, 15_000);
  await using controller = startDaemon(
    `controller --config config/bed.yaml --run-dir ${runDir}`,
    { WAN: wan, STATE_DIR: runDir },
  );
  await using _downloads = await openDownloads();
  console.log(controller.pid);
  let asked = false;
  process.stdin.once("end", () => (asked = true)).resume();
  const isOver = () => asked;
  for (let turn = 0; !isOver(); turn++) {
    line.capacity(CAPACITIES_KBPS[turn % CAPACITIES_KBPS.length] ?? 0);
    for (let ms = 0; ms < CHANGE_MS && !isOver(); ms += 100) await pause(100);
  }
  await controller.stop();
}

/** What a process used so far. */
interface Usage {
  readonly cpuMs: number;
  readonly rssMb: number;
}

const CLOCK_TICK_MS = 10;

function usageOf(pid: number): Usage {
  const fields =
    readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ??
    [];
  const rss = /VmRSS:\s+(\d+)/.exec(
    readFileSync(`/proc/${pid}/status`, "latin1"),
  );
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS,
    rssMb: Number(rss?.[1]) / 1024,
  };
}

interface Block {
  readonly withRecorder: boolean;
  readonly cycles: readonly CycleFrame[];
  readonly cpuPct: ReadonlyMap<string, number>;
  readonly rssMb: ReadonlyMap<string, number>;
}

async function playBlock(
  withRecorder: boolean,
  seconds: number,
  run: RunFolder,
  recorderFile: string,
  controllers: ReadonlyMap<string, number>,
): Promise<Block> {
  const pids = new Map(controllers);
  for (const [wan, pid] of controllers)
    for (const child of childrenOf(pid))
      pids.set(`${wan}: ${programOf(child)}`, child);
  let recorder: ChildProcess | null = null;
  if (withRecorder) {
    recorder = spawn(
      process.execPath,
      [WANCTL, "recorder", "--config", recorderFile, "--run-dir", run.root],
      { stdio: "ignore" },
    );
    pids.set("recorder", recorder.pid ?? 0);
    await pause(2_000);
  }
  const heard = await Promise.all(
    WANS.map((wan) => openHeard(run.wanFrames(wan))),
  );
  const before = new Map([...pids].map(([name, pid]) => [name, usageOf(pid)]));
  await pause(seconds * 1e3);
  const after = new Map([...pids].map(([name, pid]) => [name, usageOf(pid)]));
  await Promise.all(heard.map((one) => one[Symbol.asyncDispose]()));
  if (recorder !== null) {
    recorder.kill("SIGTERM");
    await once(recorder, "exit");
  }
  const used = (name: string) =>
    (after.get(name)?.cpuMs ?? NaN) - (before.get(name)?.cpuMs ?? NaN);
  return {
    withRecorder,
    cycles: heard.flatMap((one) => one.cyclesFrom(0)),
    cpuPct: new Map(
      [...pids.keys()].map((name) => [name, used(name) / (10 * seconds)]),
    ),
    rssMb: new Map([...after].map(([name, { rssMb }]) => [name, rssMb])),
  };
}

function print(title: string, blocks: readonly Block[]): void {
  const cycles = blocks.flatMap((block) => block.cycles);
  const row = (name: string, values: readonly number[]) => {
    const { p50, p95, p99, max } = spreadOf(values);
    console.log(
      `  ${name.padEnd(24)}${[p50, p95, p99, max].map((v) => v.toFixed(2).padStart(9)).join("")}`,
    );
  };
  console.log(
    `\n${title}: ${cycles.length} cycles, ${cycles.reduce((sum, { missed }) => sum + missed, 0)} beats missed`,
  );
  console.log(`  ms                            p50      p95      p99      max`);
  row(
    "late",
    cycles.map(({ lateUs }) => lateUs / 1e3),
  );
  row(
    "publish",
    cycles.flatMap(({ publishUs }) =>
      publishUs === null ? [] : [publishUs / 1e3],
    ),
  );
  const names = new Set(blocks.flatMap((block) => [...block.cpuPct.keys()]));
  for (const name of names) {
    const mean = (of: (block: Block) => number | undefined) => {
      const values = blocks.flatMap((block) => of(block) ?? []);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const cpu = mean((block) => block.cpuPct.get(name)).toFixed(2);
    const rss = mean((block) => block.rssMb.get(name)).toFixed(0);
    console.log(
      `  ${name.padEnd(24)}${cpu.padStart(9)} % of a core ${rss.padStart(6)} MB`,
    );
  }
}

async function main(blocks: number, seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-bench-"));
  const run = runFolder(join(folder, "run"));
  const recorderFile = join(folder, "recorder.yaml");
  writeFileSync(
    recorderFile,
    `storage: { db_path: ${folder}/metrics.db }\nhttp: { listen: off }\n`,
  );
  const cost = stepCost();
  console.log(
    `a step of the law: p50 ${cost.p50.toFixed(1)} us, p95 ${cost.p95.toFixed(1)}, p99 ${cost.p99.toFixed(1)}`,
  );
  const players: ChildProcess[] = [];
  const controllers = new Map<string, number>();
  try {
    for (const wan of WANS) {
      const player = spawn(process.execPath, [SELF, LINE_OF, wan, run.root], {
        env: { ...process.env, E2E_LINE: wan },
        stdio: ["pipe", "pipe", "inherit"],
      });
      players.push(player);
      for await (const line of createInterface(player.stdout)) {
        controllers.set(wan, Number(line));
        break;
      }
    }
    await pause(3_000);
    const played: Block[] = [];
    for (let i = 0; i < blocks; i++)
      played.push(
        await playBlock(i % 2 === 0, seconds, run, recorderFile, controllers),
      );
    print(
      "recorder there",
      played.filter((block) => block.withRecorder),
    );
    print(
      "recorder away",
      played.filter((block) => !block.withRecorder),
    );
  } finally {
    const ends = players.map((player) => once(player, "exit"));
    for (const player of players) player.stdin?.end();
    await Promise.all(ends);
    rmSync(folder, { recursive: true });
  }
}

const [first, second, third] = process.argv.slice(2);
if (first === LINE_OF) await playLine(second ?? "", third ?? "");
else await main(Number(first ?? 10), Number(second ?? 60));
