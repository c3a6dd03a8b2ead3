import { Database } from "../recorder/store/connection.js";
import { openStore } from "../recorder/store/store.js";
import type { Frame } from "../shared/contract/frame.js";
import type { WallMs } from "../shared/runtime/clock.js";
import {
  NOON_MS,
  seconds,
  simulatedFrames,
} from "../test/fakes/simulated-frames.js";

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const WEEKS = 52;
const SIMULATED_MS = HOUR_MS / 3;
const BATCH = 10_000;
const TOGETHER = 200;

/** A year: the last week of it with every cycle and all tiers, the weeks before in hours alone, which are copies of the last. */
export async function writeYear(path: string): Promise<void> {
  const beats = SIMULATED_MS / 50;
  const lines = [
    await simulatedFrames("spectrum", beats),
    await simulatedFrames("att", beats),
  ];
  const store = openStore(path, NOON_MS as WallMs);
  let batch: Frame[] = [];
  for (const second of seconds(lines, SIMULATED_MS, WEEK_MS)) {
    batch.push(...second);
    if (batch.length < BATCH) continue;
    store.commit(batch);
    batch = [];
  }
  store.commit(batch);
  const endMs = NOON_MS + WEEK_MS + HOUR_MS;
  for (const wan of [1, 2]) {
    const some = () =>
      store.tend((upkeep) =>
        upkeep.together(() => {
          let made = 0;
          while (made < TOGETHER && upkeep.rollUp(wan, endMs)) made++;
          return made > 0;
        }),
      );
    while (some() === true);
  }
  await store[Symbol.asyncDispose]();
  copyHours(path);
}

function copyHours(path: string): void {
  const db = new Database(path);
  for (const table of ["rollup", "coverage"]) {
    const columns = db
      .prepare<[], string>(`select name from pragma_table_info('${table}')`)
      .pluck()
      .all();
    const earlier = columns.map((name) =>
      name === "bucket_ms" ? "bucket_ms - @backMs" : name,
    );
    const copy = db.prepare(
      `insert into ${table} select ${earlier.join(", ")} from ${table}
         where tier = 3 and bucket_ms >= ${NOON_MS}`,
    );
    for (let week = WEEKS - 1; week > 0; week--)
      copy.run({ backMs: week * WEEK_MS });
  }
  db.exec(
    `insert into progress select tier, id, 0, ${NOON_MS} from wan, (select 0 as tier union select 1 union select 2) where true
       on conflict do update set from_ms = excluded.from_ms`,
  );
  db.close();
}

/** When what {@link writeYear} writes ends. */
export const YEAR_END_MS = NOON_MS + WEEK_MS;
