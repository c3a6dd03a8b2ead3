import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { Publisher as Socket } from "zeromq";
import type { Frame } from "../../../shared/contract/frame.js";
import { serveHealth } from "../../../shared/runtime/health.js";
import {
  ipc,
  makeRunFolder,
  runFolder,
  type RunFolder,
} from "../../../shared/runtime/paths.js";
import { cycle, transition } from "../../fakes/frames.js";
import {
  start,
  type Started,
  temporary,
  until,
  wanctl,
  widest,
} from "../bin.js";
import { controller, FINE } from "../controller.js";

async function stopped(tap: Started, signal: NodeJS.Signals = "SIGINT") {
  tap.process.kill(signal);
  return tap.ended;
}

const frames = (out: string): Frame[] =>
  out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Frame);

const lines = (tap: Started): string[] => tap.out().split("\n");

describe("wanctl tap", () => {
  let folder: ReturnType<typeof temporary>;
  let run: RunFolder;
  const tap = (...args: string[]) =>
    start("tap", "--run-dir", run.root, ...args);

  beforeEach(() => {
    folder = temporary();
    run = runFolder(join(folder.path, "run"));
    makeRunFolder(run);
  });
  afterEach(() => folder[Symbol.dispose]());

  it("prints every controller's frames, of later ones too, until Ctrl-C (CLI-02)", async () => {
    await using _first = await controller(run, "spectrum");
    const started = tap();
    await until(() => started.out().includes(" spectrum "));
    await using _second = await controller(run, "att");
    await until(() => started.out().includes(" att "));
    const { code, out, err } = await stopped(started);
    expect({ code, err }).to.deep.equal({ code: 0, err: "" });
    expect(widest(out)).to.be.at.most(80);
    expect(out).to.include("↓GREEN      240/240  ↑GREEN  18.5/18.5\n");
  });

  it("prints frames whole with --json, filtered by WAN and kind (CLI-02)", async () => {
    const messages = [cycle(), transition()];
    await using _wanted = await controller(run, "spectrum", messages);
    await using _other = await controller(run, "att", messages);
    const started = tap("--json", "--wan", "spectrum", "--kind", "transition");
    await until(() => lines(started).length > 5);
    const { code, out } = await stopped(started, "SIGTERM");
    expect(code).to.equal(0);
    for (const frame of frames(out)) {
      expect(frame).to.include({ source: "spectrum", kind: "transition" });
      expect(frame).to.include(transition());
    }
  });

  it("ends when its reader has had enough", async () => {
    await using _controller = await controller(run, "spectrum");
    const started = tap();
    await until(() => lines(started).length > 3);
    started.process.stdout.destroy();
    const [code] = (await once(started.process, "exit")) as [number];
    expect(code).to.equal(0);
    expect(started.err()).to.equal("");
  });

  it("waits for a controller, and says so once", async () => {
    const started = tap();
    await until(() => started.err() !== "");
    await using _controller = await controller(run, "spectrum");
    await until(() => started.out() !== "");
    const { err } = await stopped(started);
    expect(err).to.equal(`wanctl: no controller in '${run.root}': waiting\n`);
  });

  it("names the WANs there are when the one asked for is not", async () => {
    await using _controller = await controller(run, "spectrum");
    const started = tap("--wan", "spektrum");
    await until(() => started.err() !== "");
    expect((await stopped(started)).err).to.equal(
      `wanctl: no controller 'spektrum' in '${run.root}', found: spectrum: waiting\n`,
    );
  });

  it("counts what is no frame, and says so once", async () => {
    await using health = await serveHealth(
      run.wanHealth("spectrum"),
      () => FINE,
    );
    expect(health).to.exist;
    const socket = new Socket({ linger: 0 });
    await socket.bind(ipc(run.wanFrames("spectrum")));
    const started = tap();
    const noise = setInterval(() => void socket.send(["x", "y"]), 10);
    await until(() => started.err() !== "");
    await new Promise((done) => setTimeout(done, 100));
    clearInterval(noise);
    const { code, out, err } = await stopped(started);
    socket.close();
    expect({ code, out }).to.deep.equal({ code: 0, out: "" });
    const said = err.trimEnd().split("\n");
    expect(said[0]).to.match(/^wanctl: Cannot read frame.*counted only$/);
    expect(said.at(-1)).to.match(/^wanctl: \d+ messages were refused$/);
  });

  it("refuses a kind that does not exist", async () => {
    const { code, err } = await wanctl("tap", "--kind", "cycles");
    expect(code).to.equal(1);
    expect(err).to.match(
      /^wanctl: Cannot tap kind 'cycles': must be one of cycle, /,
    );
  });

  it("refuses what can be no WAN, rather than wait for it", async () => {
    const { code, err } = await wanctl("tap", "--wan", "Spectrum");
    expect(code).to.equal(1);
    expect(err).to.match(
      /^wanctl: Cannot tap WAN 'Spectrum': must be the name/,
    );
  });
});
