import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import type { Status } from "../../../cli/commands/status.js";
import { type Health, serveHealth } from "../../../shared/runtime/health.js";
import {
  makeRunFolder,
  runFolder,
  type RunFolder,
} from "../../../shared/runtime/paths.js";
import { temporary, until, wanctl, wanctlAs } from "../bin.js";

const NOBODY = 65_534;

const FINE: Health = { status: "fine", reasons: [] };
const DEGRADED: Health = { status: "degraded", reasons: ["router: gone"] };

/** A process that listens at a socket and is killed, which leaves the socket behind. */
async function leaveBehind(path: string): Promise<void> {
  const child = spawn(process.execPath, [
    "--eval",
    `require("node:http").createServer().listen(${JSON.stringify(path)})`,
  ]);
  await until(() => existsSync(path));
  child.kill("SIGKILL");
  await once(child, "exit");
}

describe("wanctl status", () => {
  let folder: ReturnType<typeof temporary>;
  let run: RunFolder;
  const status = (...args: string[]) =>
    wanctl("status", "--run-dir", run.root, ...args);

  beforeEach(() => {
    folder = temporary();
    run = runFolder(join(folder.path, "run"));
    makeRunFolder(run);
  });
  afterEach(() => folder[Symbol.dispose]());

  it("exits 0 when all are fine (CLI-03)", async () => {
    await using _a = await serveHealth(run.wanHealth("att"), () => FINE);
    await using _r = await serveHealth(run.recorderHealth, () => FINE);
    const { code, out } = await status();
    expect(code).to.equal(0);
    expect(out)
      .to.match(/^att +fine/)
      .and.match(/\nrecorder +fine/);
  });

  it("exits 1 with the reasons when one is degraded (CLI-03)", async () => {
    await using _a = await serveHealth(run.wanHealth("att"), () => DEGRADED);
    await using _r = await serveHealth(run.recorderHealth, () => FINE);
    const { code, out } = await status();
    expect(code).to.equal(1);
    expect(out).to.include("  ! router: gone\n");
  });

  it("works with the recorder down, exit code 1 (CLI-03)", async () => {
    await using _a = await serveHealth(run.wanHealth("att"), () => FINE);
    const { code, out } = await status("--json");
    expect(code).to.equal(1);
    expect(JSON.parse(out) as Status).to.deep.equal({
      status: "degraded",
      reasons: ["recorder: not running"],
      wans: { att: FINE },
      recorder: null,
    });
  });

  it("shows a controller that was killed, and of which nothing is left here, as the recorder knows it", async () => {
    const silent = [{ wan: "dsl", boot: "0", lastSeq: 4_711, lastAtMs: 1e12 }];
    await using _a = await serveHealth(run.wanHealth("att"), () => FINE);
    await using _r = await serveHealth(run.recorderHealth, () => ({
      ...FINE,
      silent,
    }));
    const { code, out } = await status();
    expect(code).to.equal(1);
    expect(out)
      .to.match(/^dsl +not running/m)
      .and.include("last frame 4711 at");
  });

  for (const [program, denied] of [
    ["status", "wan"],
    ["status", "wan/att.health"],
    ["status", "recorder/health"],
    ["tap", "wan"],
    ["tap", "wan/att.ipc"],
  ] as const)
    it(`says that it may not look, rather than that nothing runs: ${program}, ${denied}`, async function () {
      if (process.getuid?.() !== 0) return this.skip();
      await using _a = await serveHealth(run.wanHealth("att"), () => FINE);
      await using _r = await serveHealth(run.recorderHealth, () => FINE);
      writeFileSync(run.wanFrames("att"), "");
      for (const path of ["..", ".", "wan", "recorder"])
        chmodSync(join(run.root, path), 0o755);
      for (const path of [run.wanHealth("att"), run.recorderHealth])
        chmodSync(path, 0o666);
      chmodSync(join(run.root, denied), 0o600);
      const { code, err } = await wanctlAs(
        NOBODY,
        ...[program, "--run-dir", run.root],
      );
      expect(err).to.match(/^wanctl: Cannot use '.*': permission denied/);
      expect(code).to.equal(1);
    });

  it("shows a controller that was killed as not running", async () => {
    await using _a = await serveHealth(run.wanHealth("att"), () => FINE);
    await using _r = await serveHealth(run.recorderHealth, () => FINE);
    await leaveBehind(run.wanHealth("spectrum"));
    const { code, out } = await status();
    expect(code).to.equal(1);
    expect(out).to.match(/^spectrum +not running/m);
  });

  it("does not wait for one that is stuck", async () => {
    const stuck = createServer(() => undefined).listen(run.wanHealth("att"));
    await once(stuck, "listening");
    const { code, out } = await status();
    stuck.close();
    expect(code).to.equal(2);
    expect(out).to.match(/^att +not running/m);
  });

  it("exits 2 when nothing is running, in any folder (CLI-03)", async () => {
    for (const root of [run.root, "/nowhere/at/all"]) {
      const { code, out } = await wanctl("status", "--run-dir", root);
      expect(code).to.equal(2);
      expect(out).to.equal(`nothing is running in '${root}'\n`);
    }
  });
});
