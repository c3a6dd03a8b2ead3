import { join } from "node:path";
import { expect } from "chai";
import { lockDatabase } from "../../../recorder/store/database.js";
import { cycleRows, writeOldDatabase } from "../../fakes/old-database.js";
import { readRows, temporaryFolder } from "../../recorder/temporary.js";
import { wanctl } from "../bin.js";

const HOUR_S = 3600;
const FROM_S = 1_749_988_800;

describe("wanctl migrate history", () => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const migrate = () =>
    wanctl("migrate", "history", at("old.db"), "--to", at("new.db"));
  const write = () =>
    writeOldDatabase(
      at("old.db"),
      [0, 1, 2].flatMap((hour) => [
        ...cycleRows(FROM_S + hour * HOUR_S, 25, { granularity: "1h" }),
        ...cycleRows(FROM_S + hour * HOUR_S, 25, {
          ...{ granularity: "1h", wan: "AT&T_Fiber" },
        }),
      ]),
    );

  it("says what became of each row, and adds nothing the second time", async () => {
    write();
    const first = await migrate();
    expect(first.err).to.equal("");
    expect(first).to.include({
      code: 0,
      out: `${at("old.db")}: 36 rows of AT&T_Fiber, spectrum
          36  values rolled up
          36  of 36 rows
`,
    });
    expect(
      readRows(at("new.db"), "select name from wan order by name"),
    ).to.deep.equal([{ name: "at-t-fiber" }, { name: "spectrum" }]);
    expect((await migrate()).out).to.include(
      "36  left out: already imported\n          36  of 36 rows",
    );
  });

  it("is there to be asked for", async () => {
    write();
    await migrate();
    const { out } = await wanctl(
      ...["history", "--db", at("new.db"), "--wan", "spectrum", "--json"],
      ...["--from", "2025-06-15T12:00Z", "--to", "2025-06-15T15:00Z"],
      ...["--metrics", "wanctl_rtt_ms", "--step", "1h"],
    );
    expect(out).to.include("25");
    expect(out.match(/25/g)!.length).to.be.at.least(3);
  });

  it("refuses a database whose recorder runs", async () => {
    write();
    await using _recorder = await lockDatabase(at("new.db"));
    const { code, err } = await migrate();
    expect(code).to.equal(1);
    expect(err).to.equal(
      `wanctl: Cannot start an import into '${at("new.db")}': its recorder is running: stop it first\n`,
    );
  });

  it("refuses a file that is not there, and makes none", async () => {
    const { code, err } = await migrate();
    expect(code).to.equal(1);
    expect(err).to.include("must be a readable SQLite database");
    expect(() => readRows(at("new.db"), "select 1")).to.throw();
  });
});
