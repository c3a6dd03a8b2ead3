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
  /** Stops a controller a while after its start, beside a recorder that was treated as told; says how long that took. */
  async function stop(
    path: string,
    treat: ((recorder: Started) => unknown) | null,
  ): Promise<number> {
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
    await new Promise((done) => setTimeout(done, 2_300));
    if (recorder) await treat(recorder);
    const begun = performance.now();
    controller.process.kill("SIGTERM");
    const { code, err } = await controller.ended;
    const tookMs = performance.now() - begun;
    expect(code, err).to.equal(0);
    recorder?.process.kill("SIGKILL");
    await recorder?.ended;
    return tookMs;
  }

  // played at once, for each takes seconds of doing nothing
  const folders = [temporary(), temporary(), temporary()] as const;
  const [beside, stalled, alone] = folders;
  let tookMs: readonly number[];
  before(async function () {
    this.timeout(20_000);
    tookMs = await Promise.all([
      stop(beside.path, () => undefined),
      stop(stalled.path, ({ process }) => process.kill("SIGSTOP")),
      stop(alone.path, null),
    ]);
  });
  after(() => {
    for (const folder of folders) folder[Symbol.dispose]();
  });

  it("has its last word in the history when it has ended, within a second (INTG-04)", () => {
    expect(tookMs[0]).to.be.below(1_000);
    const rows = (sql: string) =>
      readRows(join(beside.path, "metrics.db"), sql);
    const [run] = rows(
      "select s.id, s.last_seq from source s join wan w on w.id = s.wan where w.name = 'cable'",
    );
    expect(rows("select seq from event where kind = 'stopping'")).to.deep.equal(
      [{ seq: run?.["last_seq"] }],
    );
    expect(rows("select source from missing union select source from gap")).to
      .be.empty;
  });

  it("waits for a recorder that stands still no longer than that (INTG-01)", () =>
    // 0.7 s, and what a busy machine adds
    expect(tookMs[1]).to.be.within(600, 1_500));

  it("waits for nobody where no recorder is (INTG-01)", () =>
    expect(tookMs[2]).to.be.below(500));

  it("leaves what a recorder that is gone has not had to its next run (INTG-04)", async function () {
    this.timeout(30_000);
    using folder = temporary();
    await stop(folder.path, ({ process }) => process.kill("SIGKILL"));
    const left = join(folder.path, "run", "wan", "cable.frames");
    expect(existsSync(left)).to.equal(true);
    await stop(folder.path, () => until(() => !existsSync(left)));
    const rows = (sql: string) =>
      readRows(join(folder.path, "metrics.db"), sql);
    expect(rows("select 1 from event where kind = 'stopping'")).to.have.length(
      2,
    );
    expect(rows("select source from missing union select source from gap")).to
      .be.empty;
  });
});
