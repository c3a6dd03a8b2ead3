import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Database } from "../recorder/store/connection.js";
import { type Cycles, openCycles } from "../recorder/store/cycles/cycles.js";
import { openDatabase } from "../recorder/store/database.js";
import { openStore } from "../recorder/store/store.js";
import type { Frame } from "../shared/contract/frame.js";
import type { WallMs } from "../shared/runtime/clock.js";
import {
  NOON_MS,
  seconds,
  simulatedFrames,
} from "../test/fakes/simulated-frames.js";
import { paced } from "./paced-recorder.js";
import { openPredecessor } from "./predecessor.js";
import { timed } from "./timing.js";
import { maintain } from "./upkeep.js";
import { week } from "./week.js";

/**
 * What recording costs, beside the predecessor's layout, on the disk of the working folder:
 *
 *     node dist/bench/recording.js                two WANs, an hour
 *     node dist/bench/recording.js paced SECONDS [SPEED]  the recorder itself at 40 frames a second, or so many times more
 *     node dist/bench/recording.js week [DAYS]    the size of a history, and the time to open and read it
 */
const HOUR_MS = 3_600_000;
const SIMULATED_MS = HOUR_MS / 3;
const PER_CYCLE_MS = HOUR_MS / 6;
const FOLDER = resolve("bed-out/recording");
const WAN = "att";
const METRIC = "wanctl_rtt_ms";
const SLICE = 10_000;
const READ_TURNS = 9;

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** Bytes that this process has given to the disk. */
const written = () =>
  Number(
    /^write_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1],
  );

interface Cost {
  readonly samples: number;
  readonly samplesPerS: number;
  readonly gbPerDay: number;
  readonly bytesPerSample: number;
}

/** @param write of batches, and says how many samples that made */
function cost(path: string, historyMs: number, write: () => number): Cost {
  const before = written();
  const { value: samples, ms } = timed(write);
  return {
    samples,
    samplesPerS: samples / (ms / 1e3),
    gbPerDay: (((written() - before) / historyMs) * 86_400e3) / 1e9,
    bytesPerSample: statSync(path).size / samples,
  };
}

async function lines(): Promise<Frame[][]> {
  const beats = SIMULATED_MS / 50;
  return [
    await simulatedFrames("spectrum", beats),
    await simulatedFrames("att", beats),
  ];
}

function seed(
  all: Frame[][],
  name: string,
  historyMs: number,
  each: "cycle" | "second",
) {
  const path = join(FOLDER, name);
  const layout = openPredecessor(path);
  const figures = cost(path, historyMs, () => {
    using _ = layout;
    let samples = 0;
    for (const second of seconds(all, SIMULATED_MS, historyMs))
      if (each === "second") samples += layout.write(second);
      else for (const frame of second) samples += layout.write([frame]);
    return samples;
  });
  return { path, figures };
}

/** The hour, second by second, with everything the recorder does between batches. */
async function ours(all: Frame[][]) {
  const path = join(FOLDER, "ours.db");
  const before = written();
  const store = openStore(path, NOON_MS as WallMs);
  let commitMs = 0;
  let nowMs = NOON_MS;
  const maintenance = maintain(FOLDER, store, () => nowMs);
  for (const second of seconds(all, SIMULATED_MS, HOUR_MS)) {
    nowMs += 1e3;
    commitMs += timed(() => store.commit(second)).ms;
    while (maintenance.slice());
  }
  await store[Symbol.asyncDispose]();
  const gbPerDay = ((written() - before) * 24) / 1e9;
  const db = new Database(path, { readonly: true });
  const count = db.prepare<[], number>("select count(*) from metrics").pluck();
  const samples = count.get() ?? 0;
  const cycles =
    db.prepare<[], number>("select count(*) from cycle").pluck().get() ?? 0;
  const read = db
    .prepare<[string, string, number, number]>(
      "select timestamp_ms, value from metrics where wan_name = ? and metric_name = ? and timestamp_ms >= ? and timestamp_ms < ?",
    )
    .raw();
  const inSql = timed(
    () => read.all(WAN, METRIC, NOON_MS, NOON_MS + HOUR_MS).length,
  );
  const stats = db.prepare<[], number>(
    "select sum(pgsize) from dbstat where name like 'cycle_%'",
  );
  const cycleBytes = stats.pluck().get() ?? 0;
  db.close();
  const bytes = statSync(path).size;
  return {
    path,
    cycleBytes,
    cycles,
    bytes,
    inSql,
    figures: {
      samples,
      samplesPerS: samples / (commitMs / 1e3),
      gbPerDay,
      bytesPerSample: bytes / samples,
    },
  };
}

/** One metric of one WAN as a reader asks for it. */
const readOurs = (cycles: Cycles, wan: number, fromMs: number, toMs: number) =>
  [...cycles.columns(wan, ["rttUs"], fromMs, toMs)].reduce(
    (count, { at }) => count + at.length,
    0,
  );

/** The same of both, in turns, the fastest of each: the machine has other work. */
function readInTurns(old: string, mine: string) {
  using layout = openPredecessor(old);
  const db = openDatabase(mine, NOON_MS as WallMs);
  const cycles = openCycles(db);
  const ms = { old: [] as number[], mine: [] as number[] };
  const rows = { old: 0, mine: 0 };
  for (let turn = 0; turn < READ_TURNS; turn++) {
    const theirs = timed(() =>
      layout.read(WAN, METRIC, NOON_MS, NOON_MS + HOUR_MS),
    );
    const ours = timed(() => readOurs(cycles, 2, NOON_MS, NOON_MS + HOUR_MS));
    ms.old.push(theirs.ms);
    ms.mine.push(ours.ms);
    rows.old = theirs.value;
    rows.mine = ours.value;
  }
  db.close();
  return { oldMs: Math.min(...ms.old), mineMs: Math.min(...ms.mine), rows };
}

function expire(path: string): { value: number; ms: number } {
  const db = openDatabase(path, NOON_MS as WallMs);
  const cycles = openCycles(db);
  const slice = db.transaction((wan: number) =>
    cycles.expire(wan, NOON_MS + HOUR_MS, SLICE),
  );
  const result = timed(() => {
    let gone = 0;
    for (const wan of [1, 2])
      for (
        let some = slice.immediate(wan);
        some > 0;
        some = slice.immediate(wan)
      )
        gone += some;
    return gone;
  });
  db.close();
  return result;
}

const ratio = (a: number, b: number) => `${(a / b).toFixed(1)}x`;

async function sideBySide(): Promise<void> {
  const all = await lines();
  const perCycle = seed(all, "seed-cycle.db", PER_CYCLE_MS, "cycle");
  const perSecond = seed(all, "seed-second.db", HOUR_MS, "second");
  const mine = await ours(all);
  const reads = readInTurns(perSecond.path, mine.path);
  const old = expirePredecessor(perSecond.path);
  const a = perCycle.figures;
  const b = perSecond.figures;
  const c = mine.figures;
  const row = (...cells: string[]) =>
    print(
      cells
        .map((cell, i) => (i === 0 ? cell.padEnd(34) : cell.padStart(16)))
        .join(""),
    );
  row("", "seed, 1 cycle", "seed, 1 s", "this, 1 s", "ratio", "ratio");
  row(
    "bytes per sample",
    a.bytesPerSample.toFixed(1),
    b.bytesPerSample.toFixed(1),
    c.bytesPerSample.toFixed(2),
    ratio(a.bytesPerSample, c.bytesPerSample),
    ratio(b.bytesPerSample, c.bytesPerSample),
  );
  row(
    "samples per second written",
    a.samplesPerS.toFixed(0),
    b.samplesPerS.toFixed(0),
    c.samplesPerS.toFixed(0),
    ratio(c.samplesPerS, a.samplesPerS),
    ratio(c.samplesPerS, b.samplesPerS),
  );
  row(
    "GB written a day, 40 cycles/s",
    a.gbPerDay.toFixed(1),
    b.gbPerDay.toFixed(1),
    c.gbPerDay.toFixed(2),
    ratio(a.gbPerDay, c.gbPerDay),
    ratio(b.gbPerDay, c.gbPerDay),
  );
  row(
    "1 h of one metric, ms",
    "",
    reads.oldMs.toFixed(1),
    reads.mineMs.toFixed(1),
    "",
    ratio(reads.oldMs, reads.mineMs),
  );
  const gone = expire(mine.path);
  row(
    "deleting that hour, ms",
    "",
    old.ms.toFixed(0),
    gone.ms.toFixed(0),
    "",
    ratio(old.ms, gone.ms),
  );
  print(
    `${(mine.cycleBytes / mine.cycles).toFixed(1)} bytes per cycle, ${(mine.bytes / mine.cycles).toFixed(1)} with events and all; ${c.samples} samples; ${reads.rows.old} and ${reads.rows.mine} rows read, by SQL in ${mine.inSql.ms.toFixed(0)} ms; ${old.value} and ${gone.value} deleted`,
  );
}

function expirePredecessor(path: string): { value: number; ms: number } {
  using layout = openPredecessor(path);
  return timed(() => layout.expire(NOON_MS + HOUR_MS, SLICE));
}

const [mode = "compare", amount, factor] = process.argv.slice(2);
rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
try {
  if (mode === "paced")
    await paced(FOLDER, Number(amount ?? 60), Number(factor ?? 1), print);
  else if (mode === "week")
    await week(
      join(FOLDER, "week.db"),
      await lines(),
      SIMULATED_MS,
      Number(amount ?? 7),
      print,
    );
  else await sideBySide();
} finally {
  rmSync(FOLDER, { recursive: true, force: true });
}
