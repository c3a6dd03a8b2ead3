import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openRandom } from "../../controller/simulation/random.js";
import type { FaultPoint } from "../../recorder/fault.js";
import { openStore, type Store } from "../../recorder/store/store.js";
import { makeRunFolder, runFolder } from "../../shared/runtime/paths.js";
import { cycle, NOON_MS, stamped } from "../fakes/frames.js";
import { handClock } from "../fakes/hand-clock.js";
import { scaledClock } from "../fakes/scaled-clock.js";
import { collectedLog } from "./collected-log.js";
import { accountOf } from "./history.js";
import { POLICY } from "./kill-policy.js";
import { amiss, openSender, sleep } from "./station.js";
import { readRows } from "./temporary.js";
import { HOUR_MS, openUpkeepOf } from "./upkeep-of.js";

const PROCESS = fileURLToPath(new URL("./kill-process.js", import.meta.url));
const SEED = 20_261_121;
const LIMIT_MS = 200_000;

/** Where a recorder dies while frames come in, and how often it comes by at most before. */
const WHILE_RECORDING: readonly (readonly [FaultPoint, number])[] = [
  ["frame-received", 60],
  ["row-bound", 60],
  ["before-commit", 5],
  ["after-commit", 3],
  ["state-sent", 4],
  ["mid-resend", 50],
];
const STATIONS = 3;
const ROUNDS = 8;

/** Where it dies while it tidies, in this order, on one database. */
const WHILE_TIDYING: readonly (readonly [FaultPoint, number])[] = [
  ["mid-rollup", 100],
  ["mid-retention", 4],
  ["mid-vacuum", 4],
];
const COPIES = 20;

const KILLS =
  STATIONS * ROUNDS * WHILE_RECORDING.length + COPIES * WHILE_TIDYING.length;

describe(`a recorder killed ${KILLS} times, wherever it matters`, () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-"));
  const random = openRandom(SEED, "kills");
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** One life, which ends at the fault. Says whether it was by SIGKILL. */
  async function live(
    fault: string,
    ...args: readonly string[]
  ): Promise<boolean> {
    const child = spawn(process.execPath, [PROCESS, ...args], {
      stdio: "inherit",
      // whoever is killed says nothing of what it covered
      env: {
        ...process.env,
        NODE_V8_COVERAGE: "",
        NODE_ENV: "test",
        WANCTL_FAULT: fault,
      },
    });
    const exit = once(child, "exit") as Promise<[unknown, unknown]>;
    const late = setTimeout(() => child.kill("SIGTERM"), LIMIT_MS);
    const [, signal] = await exit;
    clearTimeout(late);
    return signal === "SIGKILL";
  }

  const faults = (points: typeof WHILE_RECORDING) =>
    points.map(
      ([point, most]) => `${point}:${1 + Math.floor(random.uniform() * most)}`,
    );

  /** Each number up to a run's last is stored, missing or a gap, and nothing is there twice. */
  function partition(database: string): void {
    const runs = readRows(
      database,
      `select last_seq,
         (select count(*) from cycle where source = s.id) as stored,
         (select count(distinct seq) from cycle where source = s.id) as different,
         (select ifnull(sum(to_seq - from_seq + 1), 0) from missing where source = s.id) as missing,
         (select ifnull(sum(count), 0) from gap where source = s.id) as lost
       from source s join wan w on w.id = s.wan where w.name = 'spectrum'`,
    );
    for (const run of runs) {
      const [last, stored, different, missing, lost] =
        Object.values(run).map(Number);
      expect(stored).to.equal(different);
      expect(stored! + missing! + lost!).to.equal(last);
    }
  }

  //   sender:    ----- frames, all the time --------------------------------->
  //   recorder:  --x  --x  --x   ...   --x  ----------- until all is committed
  async function recording(name: string, highWaterMark: number): Promise<void> {
    const place = join(folder, name);
    mkdirSync(place);
    const run = runFolder(join(place, "run"));
    makeRunFolder(run);
    const database = join(place, "metrics.db");
    const clock = scaledClock(20, 600_000);
    await using sender = await openSender("spectrum", "a".repeat(16), run, {
      everyMs: 5,
      highWaterMark,
      replay: { minutes: 300, megabytes: 32 },
      clock,
    });
    for (let round = 0; round < ROUNDS; round++)
      for (const fault of faults(WHILE_RECORDING)) {
        expect(await live(fault, database, run.root), fault).to.equal(true);
        partition(database);
      }
    const last = spawn(process.execPath, [PROCESS, database, run.root], {
      stdio: "inherit",
    });
    const settled = await sender.settle(LIMIT_MS);
    await sleep(100);
    const exit = once(last, "exit");
    last.kill("SIGKILL");
    await exit;
    expect(settled).to.equal(true);
    const account = accountOf(database, sender.boot)!;
    expect(account.stored.size).to.equal(sender.sent.size);
    expect(amiss(account, sender.sent)).to.equal(0);
    expect(account.doubled).to.equal(0);
    expect([...account.missing, ...account.lost, ...account.refused]).to.be
      .empty;
  }

  it(`stores every frame once while frames come in: at ${WHILE_RECORDING.map(([point]) => point).join(", ")} (INTG-04)`, async function () {
    this.timeout(1_200_000); // over a hundred starts
    await Promise.all(
      Array.from({ length: STATIONS }, (_, i) =>
        recording(`r${i}`, i === 0 ? 40 : 1),
      ),
    );
  });

  /** Three hours of cycles and events of forty hours ago, and one cycle of now. */
  function template(path: string): void {
    const store = openStore(path, handClock().wall());
    const event = {
      kind: "event",
      event: "rate_foreign",
      detail: { text: "x".repeat(4_000) },
    } as const;
    const oldMs = NOON_MS - 40 * HOUR_MS;
    const old = Array.from({ length: 5_400 }, (_, i) =>
      stamped(i % 9 === 0 ? event : cycle(), i + 1, {
        source: "old",
        at: oldMs + 2_000 * i,
      }),
    );
    store.commit(old);
    store.commit([stamped(cycle(), 1, { at: NOON_MS })]);
    void store[Symbol.asyncDispose]();
  }

  /** Does all there is to do, as it would have been done by now. */
  function finish(store: Store): void {
    const clock = handClock();
    const upkeep = openUpkeepOf(store, clock, collectedLog(), POLICY);
    for (let i = 0; i < 20; i++) {
      while (upkeep.slice());
      clock.advance(1_000);
    }
  }

  const TABLES = [
    "rollup",
    "coverage",
    "progress",
    "dirty",
    "gap",
    "missing",
    "source",
  ];
  const contents = (path: string) => {
    const store = openStore(path, handClock().wall());
    finish(store);
    void store[Symbol.asyncDispose]();
    expect(readRows(path, "pragma integrity_check")).to.deep.equal([
      { integrity_check: "ok" },
    ]);
    return [
      ...TABLES.map((table) => readRows(path, `select * from ${table}`)),
      readRows(path, "select count(*) from cycle"),
      readRows(path, "select count(*) from event"),
    ];
  };

  it(`has the same history while it tidies: at ${WHILE_TIDYING.map(([point]) => point).join(", ")} (STOR-03, STOR-04)`, async function () {
    this.timeout(1_200_000); // sixty starts
    const original = join(folder, "template.db");
    template(original);
    const undisturbed = join(folder, "undisturbed.db");
    copyFileSync(original, undisturbed);
    const expected = contents(undisturbed);
    expect(expected[0]).to.not.be.empty;
    const copy = async (i: number) => {
      const place = join(folder, `t${i}`);
      const run = runFolder(join(place, "run"));
      makeRunFolder(run);
      const database = join(place, "metrics.db");
      copyFileSync(original, database);
      for (const fault of faults(WHILE_TIDYING))
        expect(
          await live(fault, database, run.root, String(NOON_MS)),
          fault,
        ).to.equal(true);
      expect(contents(database)).to.deep.equal(expected);
    };
    const lane = async (from: number) => {
      for (let i = from; i < COPIES; i += STATIONS) await copy(i);
    };
    await Promise.all(Array.from({ length: STATIONS }, (_, i) => lane(i)));
  });
});
