import { expect } from "chai";
import { startDaemon, type Daemon } from "./daemon.js";
import type { Heard } from "./heard.js";
import { demandMachine, machineInWords } from "./kernel.js";
import { kernelKbps } from "./queues.js";
import {
  BASE_KBPS,
  controllerArgs,
  openSystem,
  settingsOf,
  type System,
} from "./system.js";
import { openDownloads } from "./traffic.js";
import { until } from "./waiting.js";

const SOON_MS = 20_000;

describe(`a controller that starts again: ${machineInWords()}`, function () {
  this.timeout(90_000);
  let system: System | undefined;

  before(demandMachine);
  before(async () => (system = await openSystem(20_000)));
  after(() => system?.[Symbol.asyncDispose]());

  /** Starts it once more; the download rate of its first cycle, kbit/s. */
  async function again(): Promise<{ next: Daemon; firstKbps: number }> {
    const { run, heard } = system!;
    const place = heard.frames.length;
    const next = startDaemon(controllerArgs(run), settingsOf(run));
    const [first] = await until("a cycle", SOON_MS, () => {
      const cycles = heard.cyclesFrom(place);
      return cycles.length > 0 ? cycles : null;
    });
    return { next, firstKbps: first!.wantedDownloadKbps };
  }

  it("CTRL-06, CTRL-07, control.md 9.6: goes on from where it was killed, and leaves base at a stop", async () => {
    const { heard, controller } = system!;
    {
      await using _downloads = await openDownloads();
      await until("a rate above base", SOON_MS, () =>
        lastKbps(heard) > 1.1 * BASE_KBPS ? true : null,
      );
      // the checkpoint of five seconds
      await until("six seconds more", SOON_MS, secondsOf(heard, 6));
      controller.signal("SIGKILL");
      await controller.end;
    }
    const killed = await again();
    expect(killed.firstKbps).to.be.above(1.05 * BASE_KBPS);
    expect((await killed.next.stop()).code).to.equal(0);
    expect(kernelKbps("download")).to.equal(BASE_KBPS);

    const stopped = await again();
    expect(stopped.firstKbps).to.be.above(1.02 * BASE_KBPS);
    await stopped.next.stop();
  });
});

const lastKbps = (heard: Heard): number =>
  heard.cyclesFrom(0).at(-1)?.wantedDownloadKbps ?? 0;

/** Whether so many seconds of cycles have come since it was first asked. */
function secondsOf(heard: Heard, seconds: number): () => boolean | null {
  const place = heard.frames.length;
  return () => heard.cyclesFrom(place).length >= 20 * seconds || null;
}
