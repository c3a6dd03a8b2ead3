import { existsSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { jsonOf } from "../recorder/http/json.js";
import type { History, RangeQuery } from "../recorder/query/history.js";
import { openQueryRunner } from "../recorder/query/query-runner.js";
import { openReader } from "../recorder/query/reader.js";
import { openStore, type Store } from "../recorder/store/store.js";
import type { Frame } from "../shared/contract/frame.js";
import { later, systemClock } from "../shared/runtime/clock.js";
import { simulatedFrames } from "../test/fakes/simulated-frames.js";
import { writeYear, YEAR_END_MS } from "./long-history.js";

/**
 * How long the recorder takes to read what a chart shows, and how long what it records waits meanwhile:
 *
 *     node dist/bench/reading.js FILE [TURNS]
 *
 * FILE is a year of two WANs, the last week of it with every cycle; it is written where there is none, which takes a quarter
 * of an hour. What is measured is the reading with its pauses, without HTTP and JSON.
 */
const HOUR_MS = 3_600_000;
const SPANS = {
  "1 h": HOUR_MS,
  "24 h": 24 * HOUR_MS,
  "7 d": 7 * 24 * HOUR_MS,
  "30 d": 30 * 24 * HOUR_MS,
  "1 y": 364 * 24 * HOUR_MS,
};
const CHOICES = {
  "one series": { wans: ["att"], metrics: ["wanctl_rtt_ms"] },
  "all of a WAN": { wans: ["att"] },
};
const READERS = 4;
const RECORDING_S = 20;

const [file = "", turns = "20"] = process.argv.slice(2);
const never = new AbortController().signal;
const pause = (ms: number) =>
  systemClock.sleepUntil(later(systemClock.mono(), ms), never);

const share = (sorted: readonly number[], part: number): string =>
  (sorted[Math.floor(part * (sorted.length - 1))] ?? NaN).toFixed(0);

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const begun = systemClock.mono();
  await work();
  return systemClock.mono() - begun;
}

async function latency(what: string, work: () => Promise<unknown>) {
  const first = await msOf(work);
  const rest: number[] = [];
  const cpu = process.cpuUsage();
  for (let turn = 0; turn < Number(turns); turn++) {
    // as a person asks: not at once again
    await pause(100);
    rest.push(await msOf(work));
  }
  const { user, system } = process.cpuUsage(cpu);
  rest.sort((a, b) => a - b);
  const cpuMs = (user + system) / 1e3 / rest.length;
  console.log(
    `${what.padEnd(28)} first ${first.toFixed(0).padStart(5)} ms, p50 ${share(rest, 0.5).padStart(4)} ms, p95 ${share(rest, 0.95).padStart(4)} ms, CPU ${cpuMs.toFixed(0)} ms`,
  );
}

const queries: readonly { name: string; query: RangeQuery }[] = Object.entries(
  SPANS,
).flatMap(([span, ms]) =>
  Object.entries(CHOICES).map(([which, choice]) => ({
    name: `${span}, ${which}`,
    query: {
      ...{ fromMs: YEAR_END_MS - ms, toMs: YEAR_END_MS },
      ...choice,
      resolution: { points: 600 },
    },
  })),
);

/** Two WANs as they come, and a commit a second: how late the event loop was, and what a commit took. */
async function recording(store: Store, what: string, lines: Frame[][]) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const commits: number[] = [];
  delays.enable();
  for (let second = 0; second < RECORDING_S; second++) {
    await pause(1_000);
    const batch = lines.flatMap((frames) =>
      frames.slice(second * 20, (second + 1) * 20),
    );
    commits.push(await msOf(() => Promise.resolve(store.commit(batch))));
  }
  delays.disable();
  commits.sort((a, b) => a - b);
  console.log(
    `${what.padEnd(28)} longest wait ${(delays.max / 1e6).toFixed(1)} ms, p99 ${(delays.percentile(99) / 1e6).toFixed(1)} ms; commit p50 ${share(commits, 0.5)} ms, longest ${share(commits, 1)} ms`,
  );
}

async function hammer(history: History, over: AbortSignal): Promise<number> {
  let [answers, letters] = [0, 0];
  for (;;)
    for (const { query } of queries) {
      if (over.aborted) return answers;
      for (const piece of jsonOf(await history.range(query))) {
        letters += piece.length;
        if (letters > 65_536) {
          letters = 0;
          await pause(0);
        }
      }
      answers++;
    }
}

async function linesFrom(beginMs: number, boot: string): Promise<Frame[][]> {
  const lines: Frame[][] = [];
  for (const wan of ["spectrum", "att"] as const) {
    const frames = await simulatedFrames(wan, RECORDING_S * 20);
    const shiftMs = beginMs - (frames[0]?.at ?? 0);
    lines.push(
      frames.map((frame) => ({ ...frame, boot, at: frame.at + shiftMs })),
    );
  }
  return lines;
}

async function main(): Promise<void> {
  if (!existsSync(file)) await writeYear(file);
  await using store = openStore(file, systemClock.wall());
  const history = openReader(openQueryRunner(store, systemClock), systemClock);
  for (const { name, query } of queries)
    await latency(name, () => history.range(query));
  for (const [span, ms] of Object.entries(SPANS))
    await latency(`${span}, summary of a WAN`, () =>
      history.summary({
        ...{ fromMs: YEAR_END_MS - ms, toMs: YEAR_END_MS, wans: ["att"] },
      }),
    );
  const runs = ["nobody reads", `${READERS} readers without pause`];
  for (const [index, what] of runs.entries()) {
    const beginMs = (store.newestMs() ?? YEAR_END_MS) + 1_000;
    const boot = (Date.now() + index).toString(16).padStart(16, "0");
    const lines = await linesFrom(beginMs, boot);
    const over = new AbortController();
    const readers = Array.from({ length: index === 0 ? 0 : READERS }, () =>
      hammer(history, over.signal),
    );
    await recording(store, what, lines);
    over.abort();
    const answers = (await Promise.all(readers)).reduce((a, b) => a + b, 0);
    if (index > 0)
      console.log(`they got ${(answers / RECORDING_S).toFixed(1)} answers/s`);
  }
}

await main();
