import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openSubscriber } from "../../shared/bus/subscriber.js";
import {
  decodeFrame,
  encodeFrame,
  type Frame,
} from "../../shared/contract/frame.js";
import { start, type Started, temporary, until } from "../cli/bin.js";

/** Beats compared; the first few are lost to a tap that joins late. */
const FROM_SEQ = 10;
const CYCLES = 60;

const CONTROLLER = `
wan: cable
probe: { reflectors: [one, two, three, four] }
shaper: { backend: simulated }
simulation: { line: cable, seed: 7 }
download: { floor_mbps: 20, base_mbps: 150, ceiling_mbps: 240 }
upload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }
`;

/** The frame as bytes, without what is a time or a run's name. */
const withoutTimes = (frame: Frame): string => {
  const times =
    frame.kind === "cycle" ? { lateUs: 0, missed: 0, publishUs: 0 } : {};
  return encodeFrame({
    ...frame,
    boot: "0".repeat(16),
    at: 0,
    mono: 0,
    ...times,
  }).toString("hex");
};

/** Runs a controller of the seed, with a recorder that fares as told, and gives its frames by seq. */
async function framesBeside(
  fate: (recorder: () => Started) => void,
): Promise<Map<number, string>> {
  using folder = temporary();
  const run = join(folder.path, "run");
  const file = (name: string, text: string) => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  const controllerFile = file("cable.yaml", CONTROLLER);
  const recorderFile = file(
    "recorder.yaml",
    `storage: { db_path: ${folder.path}/metrics.db }\nhttp: { listen: off }`,
  );
  const started: Started[] = [];
  const spawn = (...args: string[]) => {
    const child = start(...args, "--run-dir", run);
    started.push(child);
    return child;
  };
  await using subscriber = await openSubscriber();
  subscriber.connect(join(run, "wan/cable.ipc"));
  fate(() => spawn("recorder", "--config", recorderFile));
  spawn("controller", "--config", controllerFile);
  const frames = new Map<number, string>();
  let cycles = 0;
  for await (const body of subscriber) {
    const { frame } = decodeFrame(body);
    if (frame.kind !== "cycle" && frame.kind !== "transition") continue;
    frames.set(frame.seq, withoutTimes(frame));
    if (frame.kind === "cycle" && ++cycles === CYCLES + FROM_SEQ) break;
  }
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  return frames;
}

describe("a controller", () => {
  it("does byte for byte the same with the recorder running, stopped, killed and never started (INTG-01)", async () => {
    const whenUp = (recorder: Started, act: () => void) =>
      void until(() => recorder.err().includes("started")).then(act);
    const runs = await Promise.all([
      framesBeside((recorder) => void recorder()),
      framesBeside((recorder) => {
        const it = recorder();
        whenUp(it, () => it.process.kill("SIGSTOP"));
      }),
      framesBeside((recorder) => {
        const it = recorder();
        whenUp(it, () => setTimeout(() => it.process.kill("SIGKILL"), 1000));
      }),
      framesBeside(() => undefined),
    ]);
    const [first, ...others] = runs;
    for (const other of others) {
      const shared = [...first.keys()].filter(
        (seq) => seq >= FROM_SEQ && other.has(seq),
      );
      expect(shared.length).to.be.at.least(CYCLES / 2);
      for (const seq of shared)
        expect(other.get(seq), `seq ${seq}`).to.equal(first.get(seq));
    }
  });
});
