import { renameSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openQueryRunner } from "../../../recorder/query/query-runner.js";
import { openReader } from "../../../recorder/query/reader.js";
import { openLastingStore } from "../../../recorder/store/lasting-store.js";
import { msSince, systemClock } from "../../../shared/runtime/clock.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { temporaryFolder } from "../temporary.js";

describe("libraryOf()", () => {
  const folder = temporaryFolder();

  it("says so where the file is replaced while somebody reads, and reads the new one", async () => {
    const path = join(folder.path, "m.db");
    await using store = openLastingStore(path, systemClock);
    const queryRunner = openQueryRunner(store, systemClock);
    const { records } = queryRunner;
    const reading = queryRunner.run(
      (function* () {
        records.wans();
        renameSync(path, join(folder.path, "other.db"));
        store.check();
        const begun = systemClock.mono();
        while (msSince(begun, systemClock.mono()) < 20);
        yield;
        return records.wans();
      })(),
    );
    const error: unknown = await reading.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Failure);
    expect((error as Failure).message).to.include("was replaced");
    const { data } = await openReader(queryRunner, systemClock).series();
    expect(data).to.deep.equal([]);
  });
});
