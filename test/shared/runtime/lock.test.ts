import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { lockDatabase } from "../../../recorder/store/database.js";
import { openLastingStore } from "../../../recorder/store/lasting-store.js";
import {
  nameOfOwner,
  openLock,
  realPath,
} from "../../../shared/runtime/lock.js";
import { cycles } from "../../fakes/frames.js";
import { handClock } from "../../fakes/hand-clock.js";
import { readRows, temporaryFolder } from "../../recorder/temporary.js";

describe("a lock", () => {
  const folder = temporaryFolder();
  const at = (...names: string[]) => join(folder.path, ...names);
  beforeEach(() => {
    mkdirSync(at("real"));
    symlinkSync(at("real"), at("link"));
    symlinkSync("link", at("link-of-link"));
    symlinkSync(at("real", "metrics.db"), at("file.db"));
    symlinkSync("circle", at("circle"));
  });

  const refuses = async (held: string, asked: string) => {
    await using _lock = await lockDatabase(held);
    const refusal = await lockDatabase(asked).then(
      (lock) => lock[Symbol.asyncDispose](),
      (error: unknown) => (error as Error).message,
    );
    expect(refusal).to.match(/: already running: stop it first$/);
  };

  for (const [what, held, asked] of [
    ["a link to its folder", "real/metrics.db", "link/metrics.db"],
    ["a link to a link", "link-of-link/metrics.db", "real/metrics.db"],
    ["a link to it, before it is there", "file.db", "real/metrics.db"],
    [
      "folders that are not there",
      "link/a/b/metrics.db",
      "real/a/b/metrics.db",
    ],
    ["a path with dots", "real/metrics.db", "link/../real/metrics.db"],
  ] as const)
    it(`is of the database, also by ${what} (STOR-01)`, () =>
      refuses(at(held), at(asked)));

  it("is of the file, also by its other name (STOR-01)", async () => {
    writeFileSync(at("real", "metrics.db"), "");
    linkSync(at("real", "metrics.db"), at("other.db"));
    await refuses(at("real", "metrics.db"), at("other.db"));
  });

  it("is of the run folder, also by a link to it", async () => {
    const name = (run: string) => nameOfOwner("recorder-run", at(run));
    await using _lock = await openLock(name("real"), "one");
    expect(name("link")).to.equal(name("real"));
    expect(realPath("/var/run/wanctl")).to.equal(realPath("/run/wanctl"));
  });

  it("is of no circle, and does not hang there", () =>
    expect(realPath(at("circle", "metrics.db"))).to.match(/metrics\.db$/));

  it("lets a database that is a link have its log beside the file (STOR-01)", () => {
    const store = openLastingStore(at("file.db"), handClock());
    store.commit(cycles([1]));
    expect(store.size().walBytes).to.be.above(0);
    store.check();
    expect(store.incidents()).to.deep.equal([]);
    void store[Symbol.asyncDispose]();
    expect(
      readRows(at("real", "metrics.db"), "select seq from cycle"),
    ).to.have.length(1);
  });
});
