import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { Publisher as Socket } from "zeromq";
import { openHistoryFile } from "../../recorder/query/reader.js";
import { openPublisher, type Publisher } from "../../shared/bus/publisher.js";
import { later, systemClock } from "../../shared/runtime/clock.js";
import { askHealth, type Health } from "../../shared/runtime/health.js";
import { ipc, runFolder, type RunFolder } from "../../shared/runtime/paths.js";
import { BOOT, cycle, transition } from "../fakes/frames.js";
import { readRows, temporaryFolder } from "./temporary.js";

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Figures {
  readonly frames: number;
  readonly committed: number;
  readonly refused: number;
  readonly refusedBy: Readonly<Record<string, number>>;
  readonly walBytes: number;
}
const figures = (health: Health | null) => health?.["recorder"] as Figures;

describe("runRecorder()", () => {
  const folder = temporaryFolder();
  let run: RunFolder;
  let db: string;
  let children: ChildProcess[];
  let closing: AsyncDisposable[];
  beforeEach(() => {
    run = runFolder(join(folder.path, "run"));
    db = join(folder.path, "lib", "metrics.db");
    children = [];
    closing = [];
  });
  afterEach(async () => {
    for (const each of closing) await each[Symbol.asyncDispose]();
    for (const child of children) child.kill("SIGKILL");
  });

  const pause = () =>
    systemClock.sleepUntil(
      later(systemClock.mono(), 10),
      new AbortController().signal,
    );

  async function until<T>(look: () => Promise<T | null | false>): Promise<T> {
    for (;;) {
      const seen = await look();
      if (seen !== null && seen !== false) return seen;
      await pause();
    }
  }

  function start(dbPath = db, at = run) {
    const file = join(folder.path, `recorder-${children.length}.yaml`);
    writeFileSync(
      file,
      `storage: { db_path: ${dbPath} }\nhttp: { listen: off }`,
    );
    const child = spawn(
      process.execPath,
      [beside("./recorder-process.js"), file, at.root],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    children.push(child);
    const said = { text: "" };
    child.stderr.on("data", (part: Buffer) => (said.text += String(part)));
    const exit = once(child, "exit") as Promise<[number | null]>;
    return { child, said, exit };
  }

  const ask = () => askHealth(run.recorderHealth);
  const healthWhere = (holds: (figures: Figures) => boolean) =>
    until(async () => {
      const health = await ask();
      return health !== null && holds(figures(health)) && health;
    });

  async function publisher(wan: string, boot = BOOT): Promise<Publisher> {
    const opened = await openPublisher(wan, boot, systemClock, {
      bind: run.wanFrames(wan),
      connect: run.frames,
    });
    closing.push(opened);
    return opened;
  }

  /** Publishes until the recorder hears: a PUB says nothing before its first subscriber. */
  const heard = async (from: Publisher) => {
    const before = figures(await ask()).frames;
    await until(async () => {
      from.publish(cycle());
      await pause();
      return figures(await ask()).frames > before;
    });
  };

  it("has every frame it was sent in the database when it has ended after SIGTERM, exit code 0 (STOR-01, INTG-04)", async () => {
    const { child, exit, said } = start();
    await until(ask);
    const spectrum = await publisher("spectrum");
    const att = await publisher("att", "f".repeat(16));
    await heard(spectrum);
    await heard(att);
    for (let i = 0; i < 100; i++) {
      spectrum.publish(cycle());
      att.publish(i === 50 ? transition() : cycle());
      if (i % 10 === 0) await pause();
    }
    const sent = { spectrum, att };
    const goingOn = setInterval(() => spectrum.publish(cycle()), 5);
    child.kill("SIGTERM");
    const lastSeqs = Object.entries(sent).map(
      ([name, { counts }]) => [name, counts.published] as const,
    );
    const [code] = await exit;
    clearInterval(goingOn);
    expect(code, said.text).to.equal(0);
    expect(statSync(`${db}-wal`, { throwIfNoEntry: false })).to.equal(
      undefined,
    );
    for (const [wan, seq] of lastSeqs) {
      const [found] = readRows(
        db,
        `select last_seq, (select count(*) from cycle where source = s.id)
            + (select count(*) from event where source = s.id)
            + (select ifnull(sum(count), 0) from gap where source = s.id) as known
          from source s join wan w on w.id = s.wan where w.name = ?`,
        wan,
      );
      expect(found?.["last_seq"], wan).to.be.at.least(seq);
      expect(found?.["known"], wan).to.equal(found?.["last_seq"]);
    }
    const missing = readRows(db, "select from_seq from gap where from_seq > 1");
    expect(missing).to.be.empty;
  });

  it("leaves a file behind, when it is killed, that is read with all that was committed (CLI-01, INTG-04)", async () => {
    const { child, exit } = start();
    await until(ask);
    const spectrum = await publisher("spectrum");
    await heard(spectrum);
    // a PUB drops what it publishes before its first subscriber: only what came after that must arrive
    const published = figures(await ask()).frames + 40;
    for (let i = 0; i < 40; i++) spectrum.publish(cycle({ rttUs: 20_000 + i }));
    await healthWhere(({ committed }) => committed >= published);
    child.kill("SIGKILL");
    await exit;
    expect(statSync(`${db}-wal`).size).to.be.above(0);
    for (const time of ["first", "second"]) {
      using history = openHistoryFile(db);
      const { data } = await history.summary({
        ...{ fromMs: 0, toMs: 2 * systemClock.wall() },
        metrics: ["wanctl_state"],
      });
      expect(data[0]?.count, time).to.be.at.least(published);
    }
  });

  it("is read by another process while it writes (STOR-01, STOR-06)", async () => {
    start();
    await until(ask);
    const spectrum = await publisher("spectrum");
    const publishing = setInterval(() => spectrum.publish(cycle()), 5);
    try {
      await healthWhere(({ committed }) => committed > 0);
      const { stdout } = await promisify(execFile)(process.execPath, [
        beside("./reading-process.js"),
        db,
        "select count(*) as n from metrics where metric_name = 'wanctl_rtt_ms'",
      ]);
      const [{ n }] = JSON.parse(stdout) as [{ n: number }];
      expect(n).to.be.above(0);
      await healthWhere(({ committed }) => committed > n);
    } finally {
      clearInterval(publishing);
    }
  });

  it("outlives garbage on its socket, and counts it", async () => {
    start();
    await until(ask);
    const garbage = new Socket({ linger: 0, sendTimeout: 0 });
    garbage.connect(ipc(run.frames));
    closing.push({
      [Symbol.asyncDispose]() {
        garbage.close();
        return Promise.resolve();
      },
    });
    const degraded = await until(async () => {
      await garbage.send(["x", Buffer.from("no frame")]).catch(() => null);
      await garbage.send("one part only").catch(() => null);
      await garbage.send(["x", Buffer.alloc(66_000)]).catch(() => null);
      await pause();
      const health = await ask();
      const { msgpack = 0, parts = 0 } = figures(health).refusedBy;
      return msgpack > 0 && parts > 0 && health;
    });
    expect(degraded.status).to.equal("degraded");
    expect(degraded.reasons[0]).to.match(/^frames were refused in the last/);
    await heard(await publisher("spectrum"));
  });

  it("keeps its sockets to the owner and the group", async () => {
    start();
    await until(ask);
    for (const path of [run.frames, run.recorderHealth])
      expect(statSync(path).mode & 0o777, path).to.equal(0o660);
  });

  it("is alone with its database, and alone in its run folder", async () => {
    start();
    await until(ask);
    const elsewhere = runFolder(join(folder.path, "run2"));
    const other = join(folder.path, "other.db");
    for (const second of [start(db, elsewhere), start(other, run)]) {
      const [code] = await second.exit;
      expect(code).to.equal(1);
      expect(second.said.text).to.match(
        /^Cannot start the recorder for '.*': already running: stop it first\n$/,
      );
    }
  });

  it("says in one line that its database is of no use, exit code 1 (STOR-05)", async () => {
    const path = join(folder.path, "text.db");
    writeFileSync(path, "no database ".repeat(100));
    const { exit, said } = start(path);
    const [code] = await exit;
    expect(code).to.equal(1);
    expect(said.text).to.match(
      /^Cannot open database '.*text\.db': must be a SQLite database: .*\n$/,
    );
  });
});
