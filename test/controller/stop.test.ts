import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { start, temporary, until, type Started } from "../cli/bin.js";
import { readRows } from "../recorder/temporary.js";

const CONTROLLER = `
wan: cable
probe: { reflectors: [one, two, three, four] }
shaper: { backend: simulated }
download: { floor_mbps: 20, base_mbps: 150, ceiling_mbps: 240 }
upload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }
`;

describe("a controller that stops", () => {
  const leftBy = (path: string) => join(path, "run", "wan", "cable.frames");
  const rowsOf = (path: string, sql: string) =>
    readRows(join(path, "metrics.db"), sql);
  const recorded = (path: string) =>
    existsSync(join(path, "metrics.db"))
      ? rowsOf(path, "select seq from cycle limit 1").length
      : 0;

  /** Stops a controller once its frames are recorded, if anybody records, beside a recorder that was treated as told. */
  async function stop(
    path: string,
    treat: ((recorder: Started) => unknown) | null,
  ): Promise<void> {
    const run = join(path, "run");
    const file = (name: string, text: string) => {
      writeFileSync(join(path, name), text);
      return join(path, name);
    };
    const config = file("cable.yaml", CONTROLLER);
    const other = file(
      "r.yaml",
      `storage: { db_path: ${path}/metrics.db }\nhttp: { listen: off }`,
    );
    const begin = async (...args: string[]) => {
      const child = start(...args, "--run-dir", run);
      await until(() => child.err().includes("started"));
      return child;
    };
    const recorder = treat && (await begin("recorder", "--config", other));
    const controller = await begin("controller", "--config", config);
    if (recorder) await until(() => recorded(path));
    // the recorder answers once a second, and a controller waits only for one that has answered
    await new Promise((done) => setTimeout(done, 2_300));
    if (recorder) await treat(recorder);
    controller.process.kill("SIGTERM");
    const { code, err } = await controller.ended;
    expect(code, err).to.equal(0);
    recorder?.process.kill("SIGKILL");
    await recorder?.ended;
  }

  it("has its last word in the history when it has ended, or leaves it to its next run (INTG-04)", async () => {
    const isInHistory = async () => {
      using folder = temporary();
      await stop(folder.path, () => undefined);
      const [run] = rowsOf(
        folder.path,
        "select s.id, s.last_seq from source s join wan w on w.id = s.wan where w.name = 'cable'",
      );
      const last = rowsOf(
        folder.path,
        "select seq from event where kind = 'stopping'",
      );
      expect(last.length === 0).to.equal(existsSync(leftBy(folder.path)));
      if (last.length === 0) return false;
      expect(last).to.deep.equal([{ seq: run?.["last_seq"] }]);
      expect(
        rowsOf(
          folder.path,
          "select source from missing union select source from gap",
        ),
      ).to.be.empty;
      return true;
    };
    // 0.7 s are too short for a starved recorder, though not each time
    for (let tries = 0; tries < 5; tries++) if (await isInHistory()) return;
    expect.fail("no recorder had it in time");
  });

  it("waits for nobody for ever: neither for a recorder that stands still nor for none (INTG-01)", async () => {
    using stalled = temporary();
    using alone = temporary();
    await Promise.all([
      stop(stalled.path, ({ process }) => process.kill("SIGSTOP")),
      stop(alone.path, null),
    ]);
    expect(existsSync(leftBy(stalled.path))).to.equal(true);
    expect(existsSync(leftBy(alone.path))).to.equal(false);
  });

  it("leaves what a recorder that is gone has not had to its next run (INTG-04)", async () => {
    using folder = temporary();
    await stop(folder.path, ({ process }) => process.kill("SIGKILL"));
    const left = leftBy(folder.path);
    expect(existsSync(left)).to.equal(true);
    await stop(folder.path, () => until(() => !existsSync(left)));
    const stops = rowsOf(
      folder.path,
      "select 1 from event where kind = 'stopping'",
    );
    expect(stops.length + (existsSync(left) ? 1 : 0)).to.equal(2);
    expect(
      rowsOf(
        folder.path,
        "select source from missing union select source from gap",
      ),
    ).to.be.empty;
  });
});
