import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { systemClock, type WallMs } from "../shared/clock.js";
import type { Frame } from "../shared/frame.js";
import { openCycles } from "../recorder/store/cycles.js";
import { openDatabase } from "../recorder/store/database.js";
import { openStore } from "../recorder/store/store.js";
import { paced } from "./paced-recorder.js";
import { openPredecessor } from "./predecessor.js";
import { NOON_MS, seconds, simulatedFrames } from "./simulated-frames.js";

/**
 * What recording costs, beside the predecessor's layout, on the disk of the working folder:
 *
 *     node dist/bench/recording.js                two WANs, an hour
 *     node dist/bench/recording.js paced SECONDS  the recorder itself at 40 frames a second
 *     node dist/bench/recording.js week [DAYS]    the size of a history, and the time to open and read it
 */
const HOUR_MS = 3_600_000;
const SIMULATED_MS = HOUR_MS / 3;
const PER_CYCLE_MS = HOUR_MS / 6;
const FOLDER = resolve("bed-out/recording");
const WAN = "att";
const METRIC = "wanctl_rtt_ms";
const SLICE = 10_000;

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** Bytes that this process has given to the disk. */
const written = () =>
  Number(
    /^write_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1],
  );

function timed<T>(work: () => T): { value: T; ms: number } {
  const begun = systemClock.mono();
  const value = work();
  return { value, ms: systemClock.mono() - begun };
}

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

async function ours(all: Frame[][]) {
  const path = join(FOLDER, "ours.db");
  const before = written();
  const store = openStore(path, NOON_MS as WallMs);
  const { ms } = timed(() => {
    for (const second of seconds(all, SIMULATED_MS, HOUR_MS))
      store.commit(second);
  });
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
  const query = timed(
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
    query,
    figures: {
      samples,
      samplesPerS: samples / (ms / 1e3),
      gbPerDay,
      bytesPerSample: bytes / samples,
    },
  };
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
  const old = readAndExpire(perSecond.path);
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
    old.query.ms.toFixed(0),
    mine.query.ms.toFixed(0),
    "",
    ratio(old.query.ms, mine.query.ms),
  );
  const gone = expire(mine.path);
  row(
    "deleting that hour, ms",
    "",
    old.expired.ms.toFixed(0),
    gone.ms.toFixed(0),
    "",
    ratio(old.expired.ms, gone.ms),
  );
  print(
    `${(mine.cycleBytes / mine.cycles).toFixed(1)} bytes per cycle, ${(mine.bytes / mine.cycles).toFixed(1)} with events and all; ${c.samples} samples; ${old.query.value} and ${mine.query.value} rows read; ${old.expired.value} and ${gone.value} deleted`,
  );
}

function readAndExpire(path: string) {
  using layout = openPredecessor(path);
  const query = timed(() =>
    layout.read(WAN, METRIC, NOON_MS, NOON_MS + HOUR_MS),
  );
  const expired = timed(() => layout.expire(NOON_MS + HOUR_MS, SLICE));
  return { query, expired };
}

async function week(days: number): Promise<void> {
  const path = join(FOLDER, "week.db");
  const all = await lines();
  const store = openStore(path, NOON_MS as WallMs);
  let batch: Frame[] = [];
  let cycles = 0;
  const { ms } = timed(() => {
    for (const second of seconds(all, SIMULATED_MS, days * 24 * HOUR_MS)) {
      batch.push(...second);
      if (batch.length < SLICE) continue;
      cycles += batch.filter(({ kind }) => kind === "cycle").length;
      store.commit(batch);
      batch = [];
    }
    store.commit(batch);
  });
  await store[Symbol.asyncDispose]();
  const bytes = statSync(path).size;
  print(
    `${days} days: ${cycles} cycles, ${(bytes / 1e6).toFixed(0)} MB, ${(bytes / cycles).toFixed(1)} bytes per cycle with events; written in ${(ms / 1e3).toFixed(0)} s`,
  );
  const opened = timed(() => openStore(path, NOON_MS as WallMs));
  await opened.value[Symbol.asyncDispose]();
  print(`opened in ${opened.ms.toFixed(0)} ms`);
  const db = new Database(path, { readonly: true });
  const read = timed(() =>
    db
      .prepare(
        "select count(*), min(value), avg(value), max(value) from metrics where metric_name = ? and wan_name = ? and timestamp_ms >= ?",
      )
      .raw()
      .get(METRIC, WAN, NOON_MS),
  );
  print(
    `one metric of one WAN, all days, from a connection just opened: ${(read.ms / 1e3).toFixed(1)} s`,
  );
  db.close();
}

const [mode = "compare", amount] = process.argv.slice(2);
rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
try {
  if (mode === "paced") await paced(FOLDER, Number(amount ?? 60), print);
  else if (mode === "week") await week(Number(amount ?? 7));
  else await sideBySide();
} finally {
  rmSync(FOLDER, { recursive: true, force: true });
}
