import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Database } from "../../../recorder/store/connection.js";
import {
  DatabaseDamaged,
  openDatabase,
} from "../../../recorder/store/database.js";
import { MIGRATIONS } from "../../../recorder/store/migrations.js";
import type { WallMs } from "../../../shared/runtime/clock.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { NOON_MS } from "../../fakes/frames.js";
import { temporaryFolder } from "../temporary.js";

const NOON = NOON_MS as WallMs;

describe("openDatabase()", () => {
  const folder = temporaryFolder();
  const place = (name = "metrics.db") => join(folder.path, name);
  const modeOf = (path: string) => statSync(path).mode & 0o777;

  for (const umask of [0o077, 0o000])
    it(`makes folders and files, mode 0660 under umask ${umask.toString(8)} (STOR-01)`, () => {
      const before = process.umask(umask);
      const path = place("a/b/metrics.db");
      const db = openDatabase(path, NOON);
      process.umask(before);
      for (const file of [path, `${path}-wal`, `${path}-shm`])
        expect(modeOf(file), file).to.equal(0o660);
      db.close();
    });

  it("repairs the mode of a file that is there", () => {
    openDatabase(place(), NOON).close();
    chmodSync(place(), 0o644);
    openDatabase(place(), NOON).close();
    expect(modeOf(place())).to.equal(0o660);
  });

  it("uses WAL, synchronous NORMAL and incremental auto_vacuum (STOR-01, STOR-04)", () => {
    const db = openDatabase(place(), NOON);
    const pragma = (name: string) => db.pragma(name, { simple: true });
    expect(pragma("journal_mode")).to.equal("wal");
    expect(pragma("synchronous")).to.equal(1);
    expect(pragma("auto_vacuum")).to.equal(2);
    expect(pragma("journal_size_limit")).to.equal(64 * 2 ** 20);
    db.close();
  });

  it("refuses a folder that cannot be one, and says what to do", () => {
    writeFileSync(place("file"), "");
    expect(() => openDatabase(place("file/metrics.db"), NOON)).to.throw(
      Failure,
      /must be writable: got EEXIST: .*set storage\.db_path$/,
    );
  });

  it("refuses a file that is no database, and leaves it as it is", () => {
    const text = "wan: spectrum\n".repeat(100);
    writeFileSync(place(), text);
    expect(() => openDatabase(place(), NOON)).to.throw(
      Failure,
      `Cannot open database '${place()}': must be a SQLite database`,
    );
    expect(readFileSync(place(), "utf8")).to.equal(text);
  });

  it("sets a damaged one aside as it is, with its log, and makes a new one the next time (STOR-01)", () => {
    openDatabase(place(), NOON).close();
    const file = openSync(place(), "r+");
    writeSync(file, Buffer.alloc(2_000, 0xff), 0, 2_000, 100);
    closeSync(file);
    writeFileSync(place("metrics.db-wal"), "log");
    const before = readFileSync(place());
    const kept = place("metrics.db.corrupt-2025-06-15T12-00-00Z");
    expect(() => openDatabase(place(), NOON)).to.throw(
      DatabaseDamaged,
      new RegExp(`must be intact: got .*: kept as '${kept}'$`),
    );
    expect(readFileSync(kept).equals(before)).to.equal(true);
    expect(readFileSync(`${kept}-wal`, "utf8")).to.equal("log");
    openDatabase(place(), NOON).close();
  });

  it("sets noise aside, too", () => {
    const noise = randomBytes(20_000);
    writeFileSync(place(), noise);
    expect(() => openDatabase(place(), NOON)).to.throw(DatabaseDamaged);
    const [kept = ""] = readdirSync(folder.path);
    expect(readFileSync(place(kept)).equals(noise)).to.equal(true);
  });

  it("refuses somebody else's database, and leaves it as it is", () => {
    const theirs = new Database(place());
    theirs.exec("create table metrics (id integer primary key, value real)");
    theirs.close();
    const before = readFileSync(place());
    expect(() => openDatabase(place(), NOON)).to.throw(
      Failure,
      "must be a history of this program: got tables metrics",
    );
    expect(readFileSync(place()).equals(before)).to.equal(true);
  });

  it("refuses a newer one (STOR-05)", () => {
    const newer = openDatabase(place(), NOON);
    const version = MIGRATIONS.length + 1;
    newer.exec(`insert into schema_version values (${version}, 0)`);
    newer.close();
    expect(() => openDatabase(place(), NOON)).to.throw(
      Failure,
      `must be of version ${MIGRATIONS.length} or older: got ${version}: upgrade wanctl`,
    );
  });
});
