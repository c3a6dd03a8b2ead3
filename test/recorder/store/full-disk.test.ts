import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
  openLastingStore,
  type LastingStore,
} from "../../../recorder/store/lasting-store.js";
import { NOON_MS, stamped } from "../../fakes/frames.js";
import { handClock } from "../../fakes/hand-clock.js";
import { mountMemory, mountsMissing } from "../mounts.js";
import { readRows, temporaryFolder } from "../temporary.js";

const EVENT = {
  kind: "event",
  event: "rate_foreign",
  detail: { text: "x".repeat(4_000) },
} as const;

const PAGE_BYTES = 4_096;
const WHOLE_KIB = 8_192;

describe("a store on a full disk", () => {
  const folder = temporaryFolder();
  const missing = mountsMissing((path) => mountMemory(path, 64));

  /** Leaves so many pages free. */
  const fill = (path: string, pages: number) => {
    const { bavail, bsize } = statfsSync(path);
    const bytes = bavail * bsize - pages * PAGE_BYTES;
    writeFileSync(join(path, "ballast"), Buffer.alloc(Math.max(0, bytes), 1));
  };

  let seq = 0;
  /** Each takes a page. */
  const events = (count: number) =>
    Array.from({ length: count }, () => stamped(EVENT, ++seq));
  const cutLog = (store: LastingStore) =>
    store.tend((upkeep) => upkeep.truncateLog());
  const forget = (store: LastingStore) =>
    store.tend((upkeep) => upkeep.expireEvents(1, 2 * NOON_MS, 1_000));

  // what is prepared while there is room, and done when there is little
  const JOBS: Readonly<
    Record<
      string,
      readonly [(store: LastingStore) => unknown, (at: LastingStore) => unknown]
    >
  > = {
    "a commit": [cutLog, (store) => store.commit(events(50))],
    "a checkpoint": [
      (store) => [cutLog(store), store.commit(events(300))],
      (store) => store.tend((upkeep) => upkeep.checkpoint()),
    ],
    "cutting the log": [
      (store) => [cutLog(store), store.commit(events(300))],
      cutLog,
    ],
    "a vacuum": [
      (store) => [forget(store), cutLog(store)],
      (store) => store.tend((upkeep) => upkeep.vacuum(4_096)),
    ],
  };

  /** Does something with so many pages of room. @returns whether it failed */
  function doneWith(pages: number, what: string): boolean {
    using disk = mountMemory(join(folder.path, `m${pages}`), WHOLE_KIB);
    const path = join(disk.path, "metrics.db");
    const [prepare, job] = JOBS[what]!;
    seq = 0;
    const store = openLastingStore(path, handClock());
    store.commit(events(600));
    prepare(store);
    fill(disk.path, pages);
    const outcome = job(store);
    rmSync(join(disk.path, "ballast"));
    store.check();
    const before = seq;
    const after = store.commit(events(10));
    expect(after.kind, JSON.stringify(after)).to.equal("committed");
    void store[Symbol.asyncDispose]();
    expect(readRows(path, "pragma integrity_check")).to.deep.equal([
      { integrity_check: "ok" },
    ]);
    const sql = "select count(*) as n from event where seq > ?";
    expect(readRows(path, sql, before)).to.deep.equal([{ n: 10 }]);
    return isFailed(outcome);
  }

  for (const what of Object.keys(JOBS))
    it(`survives ${what}, whatever room is left, and goes on (STOR-07)`, function () {
      if (missing !== null) {
        console.log(`      SKIPPED: ${missing}`);
        this.skip();
      }
      const failed = [0, 1, 5, 20, 400].map((pages) => doneWith(pages, what));
      expect(failed[0]).to.equal(true);
      expect(failed.at(-1)).to.equal(false);
    });

  it("waits for room where it starts without any (STOR-07)", function () {
    if (missing !== null) {
      console.log(`      SKIPPED: ${missing}`);
      this.skip();
    }
    using disk = mountMemory(join(folder.path, "m"), WHOLE_KIB);
    fill(disk.path, 3);
    const path = join(disk.path, "metrics.db");
    const store = openLastingStore(path, handClock());
    expect(store.commit(events(1)))
      .to.have.property("cause")
      .that.matches(/FULL|SHMSIZE/);
    rmSync(join(disk.path, "ballast"));
    store.check();
    expect(store.commit(events(1)).kind).to.equal("committed");
    void store[Symbol.asyncDispose]();
  });
});

const isFailed = (outcome: unknown): boolean =>
  typeof outcome === "object" &&
  outcome !== null &&
  "kind" in outcome &&
  outcome.kind === "failed";
