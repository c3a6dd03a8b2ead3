import { statSync } from "node:fs";
import { openCycles } from "../recorder/store/cycles/cycles.js";
import { openDatabase } from "../recorder/store/database.js";
import { openStore } from "../recorder/store/store.js";
import type { Frame } from "../shared/contract/frame.js";
import { systemClock, type WallMs } from "../shared/runtime/clock.js";
import { NOON_MS, seconds } from "../test/fakes/simulated-frames.js";
import { timed } from "./timing.js";

const DAY_MS = 86_400_000;
const BATCH = 10_000;

/** The size of a history at `raw_hours: 168`, and the time to open it and to read one metric of all of it. */
export async function week(
  path: string,
  all: readonly (readonly Frame[])[],
  simulatedMs: number,
  days: number,
  print: (line: string) => void,
): Promise<void> {
  const store = openStore(path, NOON_MS as WallMs);
  let batch: Frame[] = [];
  let cycles = 0;
  const { ms } = timed(() => {
    for (const second of seconds(all, simulatedMs, days * DAY_MS)) {
      batch.push(...second);
      if (batch.length < BATCH) continue;
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
  const db = openDatabase(path, NOON_MS as WallMs);
  const reader = openCycles(db);
  let longestMs = 0;
  const read = timed(() => {
    let [count, begun] = [0, systemClock.mono()];
    for (const { at } of reader.columns(2, ["rttUs"], NOON_MS, Infinity)) {
      count += at.length;
      const now = systemClock.mono();
      longestMs = Math.max(longestMs, now - begun);
      begun = now;
    }
    return count;
  });
  print(
    `one metric of one WAN, all days, from a connection just opened: ${read.value} values in ${(read.ms / 1e3).toFixed(1)} s, at most ${longestMs.toFixed(1)} ms at a time`,
  );
  for (const { name, bytes } of db
    .prepare<[], { name: string; bytes: number }>(
      "select name, sum(pgsize) as bytes from dbstat group by name order by bytes desc limit 6",
    )
    .all())
    print(`  ${name} ${(bytes / 1e6).toFixed(1)} MB`);
  db.close();
}
