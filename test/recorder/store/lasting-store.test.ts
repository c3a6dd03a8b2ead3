import fs, {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { Database } from "../../../recorder/store/connection.js";
import {
  type LastingStore,
  openLastingStore,
} from "../../../recorder/store/lasting-store.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { cycles } from "../../fakes/frames.js";
import { handClock, type HandClock } from "../../fakes/hand-clock.js";
import { readRows, temporaryFolder } from "../temporary.js";

describe("openLastingStore()", () => {
  const folder = temporaryFolder();
  const place = (name = "metrics.db") => join(folder.path, name);
  let clock: HandClock;
  let store: LastingStore;
  beforeEach(() => {
    clock = handClock();
    store = openLastingStore(place(), clock);
    commit(1);
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const commit = (...seqs: number[]) => store.commit(cycles(seqs)).kind;
  const seqsIn = (name = "metrics.db") =>
    readRows(place(name), "select seq from cycle order by seq").map(
      ({ seq }) => seq,
    );
  /** What happened, in words. */
  const told = () =>
    store
      .incidents()
      .map(
        ({ event, detail }) => `${event}: ${String(detail["how"] ?? "damage")}`,
      );
  const setAside = () =>
    readdirSync(folder.path).filter((name) =>
      /\.corrupt-[^-]+-..-..T..-..-..Z(-\d+)?$/.test(name),
    );
  /** Damages the file, and has whoever wrote it last not rely on what it remembers of it. */
  const damage = () => {
    const other = new Database(place());
    other.exec("create table if not exists other (n)");
    store.tend((upkeep) => upkeep.truncateLog());
    other.exec("insert into other values (1)");
    const bytes = readFileSync(place());
    writeFileSync(place(), bytes.fill(0xa5, 8_192, bytes.length - 4_096));
    other.close();
  };

  const HOWS: readonly (readonly [string, () => void, string])[] = [
    [
      "was deleted",
      () => {
        rmSync(place());
      },
      "the file was deleted",
    ],
    [
      "was deleted with all beside it",
      () => {
        for (const suffix of ["", "-wal", "-shm"]) rmSync(place() + suffix);
      },
      "the file was deleted",
    ],
    [
      "was moved away",
      () => {
        renameSync(place(), place("old.db"));
      },
      "the file was deleted",
    ],
  ];
  for (const [what, change, how] of HOWS)
    it(`makes a new file where the old one ${what}, in a second (STOR-01)`, () => {
      change();
      store.check();
      expect(told()).to.deep.equal([`database_replaced: ${how}`]);
      expect(commit(2)).to.equal("committed");
      expect(seqsIn()).to.deep.equal([2]);
      expect(store.openings).to.equal(2);
      // what is missing in it is known, so that the sources are asked
      expect(
        store.standing("spectrum", cycles([1])[0]!.boot)?.committed,
      ).to.equal(0);
      if (existsSync(place("old.db")))
        expect(seqsIn("old.db")).to.deep.equal([1]);
    });

  it("goes on in another history that was put in its place, whose log it leaves alone", () => {
    const other = openLastingStore(place("other.db"), clock);
    other.commit(cycles([7]));
    for (const suffix of ["", "-wal", "-shm"])
      copyFileSync(place("other.db") + suffix, place("copy.db") + suffix);
    void other[Symbol.asyncDispose]();
    for (const suffix of ["", "-wal", "-shm"])
      renameSync(place("copy.db") + suffix, place() + suffix);
    store.check();
    expect(told()).to.deep.equal(["database_replaced: the file was replaced"]);
    commit(8);
    expect(seqsIn()).to.deep.equal([7, 8]);
  });

  it("never takes its old log for that of a new file", () => {
    const other = openLastingStore(place("other.db"), clock);
    other.commit(cycles([7]));
    void other[Symbol.asyncDispose]();
    // while it is read the log cannot be cut
    const reader = new Database(place(), { readonly: true });
    reader.exec("begin");
    reader.prepare("select count(*) from cycle").get();
    commit(2);
    renameSync(place("other.db"), place());
    store.check();
    reader.close();
    commit(8);
    expect(seqsIn()).to.deep.equal([7, 8]);
    expect(readRows(place(), "pragma integrity_check")).to.deep.equal([
      { integrity_check: "ok" },
    ]);
  });

  it("loses nothing where only its log is deleted", () => {
    rmSync(`${place()}-wal`);
    store.check();
    expect(told()).to.deep.equal([
      "database_replaced: its log was deleted or replaced",
    ]);
    commit(2);
    expect(seqsIn()).to.deep.equal([1, 2]);
  });

  it("waits where something else was put in its place, and says what", () => {
    const text = "wan: spectrum\n".repeat(100);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(place() + suffix);
    writeFileSync(place(), text);
    store.check();
    const outcome = store.commit(cycles([2]));
    expect(outcome).to.have.property("cause").that.includes("must be a SQLite");
    expect(store.missing()).to.equal(null);
    expect(readFileSync(place(), "utf8")).to.equal(text);
    rmSync(place());
    store.check();
    expect(commit(2)).to.equal("committed");
  });

  it("refuses at the start what is no history", () => {
    writeFileSync(place("text.db"), "no database ".repeat(100));
    expect(() => openLastingStore(place("text.db"), clock)).to.throw(Failure);
  });

  it("sets a file aside that turns out damaged, and goes on in a new one (STOR-01)", () => {
    damage();
    expect(commit(2)).to.equal("failed");
    store.check();
    expect(commit(2)).to.equal("committed");
    expect(seqsIn()).to.deep.equal([2]);
    expect(setAside()).to.have.length(1);
    const [incident] = store.incidents();
    expect(incident?.event).to.equal("database_damaged");
    expect(incident?.detail["kept_as"]).to.equal(place(setAside()[0]));
  });

  it("opens a damaged file as a new one, at once", async () => {
    damage();
    await store[Symbol.asyncDispose]();
    store = openLastingStore(place(), clock);
    expect(commit(2)).to.equal("committed");
    expect(setAside()).to.have.length(1);
  });

  it("sets no more than one file aside in a minute but the first two", () => {
    for (let second = 0; second < 120; second++) {
      if (commit(2) === "committed") damage();
      clock.advance(1_000);
      store.check();
    }
    expect(setAside().length).to.be.within(2, 4);
    clock.advance(60_000);
    store.check();
    expect(commit(2)).to.equal("committed");
  });

  it("sets a file aside that was cut off, at the next look (STOR-01)", () => {
    for (let seq = 2; seq < 200; seq++) commit(seq);
    store.tend((upkeep) => upkeep.truncateLog());
    store.check();
    expect(told()).to.deep.equal([]);
    truncateSync(place(), 8_192);
    store.check();
    expect(told()).to.deep.equal(["database_damaged: damage"]);
    expect(setAside()).to.have.length(1);
    store.check();
    expect(commit(200)).to.equal("committed");
    expect(seqsIn()).to.deep.equal([200]);
  });

  for (const left of [0, 32, 20_000])
    it(`goes on with what is left where its log was cut off to ${left} bytes, at the next look (STOR-01)`, () => {
      store.tend((upkeep) => upkeep.truncateLog());
      for (let seq = 2; seq < 40; seq++) commit(seq);
      truncateSync(`${place()}-wal`, left);
      store.check();
      expect(told()).to.deep.equal([
        "database_replaced: its log was truncated",
      ]);
      expect(commit(40)).to.equal("committed");
      const seqs = seqsIn();
      expect(seqs.slice(0, -1)).to.deep.equal(
        seqs.slice(0, -1).map((_, i) => i + 1),
      );
      const db = new Database(place());
      expect(db.pragma("integrity_check", { simple: true })).to.equal("ok");
      db.close();
      store.check();
      expect(told()).to.deep.equal([]);
    });

  it("never takes a file that shrinks by itself for one that was cut off", () => {
    for (let seq = 2; seq < 600; seq++) commit(seq);
    const other = new Database(place());
    other.exec("create table ballast (bytes blob)");
    other.exec("insert into ballast values (zeroblob(8000000))");
    store.check();
    other.exec("delete from ballast");
    other.close();
    while (Number(store.tend((upkeep) => upkeep.vacuum(500))) > 0)
      store.check();
    for (let seq = 600; seq < 700; seq++) {
      commit(seq);
      if (seq % 10 === 0) store.tend((upkeep) => upkeep.checkpoint());
      store.check();
    }
    store.tend((upkeep) => upkeep.truncateLog());
    store.check();
    expect(told()).to.deep.equal([]);
    expect(seqsIn()).to.have.length(699);
  });

  const ERRNOS = [
    ...["EACCES", "EIO", "ELOOP", "ENAMETOOLONG", "ENOTDIR", "ENOENT"],
    ...["EPERM", "ESTALE", "EOVERFLOW", "EMFILE", "ENOMEM", "EROFS", "EINTR"],
  ];
  const CALLS = [
    ...([
      "statSync",
      "statfsSync",
      "mkdirSync",
      "openSync",
      "chmodSync",
    ] as const),
    ...(["renameSync", "rmSync", "existsSync", "readSync"] as const),
  ];
  const refuse = (call: (typeof CALLS)[number], errno: string) => {
    const was = fs[call];
    const refusing = () => {
      throw Object.assign(new Error(errno), { code: errno, syscall: call });
    };
    Object.assign(fs, { [call]: refusing });
    syncBuiltinESMExports();
    return () => {
      Object.assign(fs, { [call]: was });
      syncBuiltinESMExports();
    };
  };
  for (const errno of ERRNOS)
    it(`outlasts ${errno} of whatever call, and loses nothing (STOR-07)`, () => {
      let seq = 1;
      for (const call of CALLS)
        for (const befalls of [() => {}, damage]) {
          befalls();
          const isOver = refuse(call, errno);
          try {
            for (let i = 0; i < 3; i++) {
              store.check();
              store.size();
              store.tend((upkeep) => upkeep.sizes());
              store.tend((upkeep) => upkeep.cutOff());
              if (commit(seq + 1) === "committed") seq++;
            }
          } finally {
            isOver();
          }
          clock.advance(120_000);
          for (let i = 0; i < 3; i++) store.check();
          expect(commit(++seq), call).to.equal("committed");
          clock.advance(120_000);
        }
      expect(seqsIn()).to.include(seq);
    });

  it("has words for whatever noise lies in its file", () =>
    fc.assert(
      fc.property(
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 4_096 }),
        (where, noise) => {
          store.tend((upkeep) => upkeep.truncateLog());
          const bytes = readFileSync(place());
          bytes.set(
            noise.subarray(0, bytes.length),
            where % (bytes.length - Math.min(noise.length, bytes.length) + 1),
          );
          writeFileSync(place(), bytes);
          void store[Symbol.asyncDispose]();
          for (const suffix of ["-wal", "-shm"])
            rmSync(place() + suffix, { force: true });
          try {
            store = openLastingStore(place(), clock);
            commit(2);
          } catch (error) {
            // what still opens, but is no history any more: said at the start, and left as it is
            if (!(
              error instanceof Failure || error instanceof Database.SqliteError
            ))
              throw error;
          }
          rmSync(place(), { force: true });
          store = openLastingStore(place(), clock);
          commit(1);
        },
      ),
      { numRuns: 20 },
    ));
});
