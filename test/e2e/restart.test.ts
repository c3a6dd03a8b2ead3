import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import { type Daemon, startDaemon } from "../bed/daemon.js";
import { wantedKbps } from "../bed/heard.js";
import { demandMachine, machineInWords, SHAPING } from "../bed/kernel.js";
import { processesOf } from "../bed/namespace.js";
import { addQueue, enforces, kernelKbps, removeQueue } from "../bed/queues.js";
import {
  BASE_KBPS,
  controllerArgs,
  openSystem,
  settingsOf,
  type System,
  WAN,
} from "../bed/system.js";
import { openDownloads, type Transfers } from "../bed/traffic.js";
import { pause, until } from "../bed/waiting.js";

const SOON_MS = 20_000;

/** A stop may take a second, and a busy machine some more. */
const STOP_MS = 2_000;

/** By then something is asked of tc, which it has a second to answer. */
const ASKED_MS = 300;

/** What queues have that somebody made anew. */
const MADE_KBPS = 5_000;

const ENDS = {
  "a clean stop": "SIGTERM",
  "a kill": "SIGKILL",
  "a kill by the watchdog": "SIGABRT",
} as const;

describe(`a controller that starts again: ${machineInWords()}`, function () {
  this.timeout(90_000);
  let system: System | undefined;
  let downloads: Transfers | undefined;
  let controller: Daemon;

  before(demandMachine);
  before(async () => {
    system = await openSystem(20_000);
    downloads = await openDownloads();
    controller = system.controller;
  });
  after(async () => {
    await downloads?.[Symbol.asyncDispose]();
    await controller[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
  });

  /** Starts it once more; the download rate of its first cycle, kbit/s. */
  async function again(): Promise<number> {
    const { run, heard } = system!;
    const place = heard.frames.length;
    controller = startDaemon(controllerArgs(run), settingsOf(run));
    const [first] = await until("a cycle", SOON_MS, () => {
      const cycles = heard.cyclesFrom(place);
      return cycles.length > 0 ? cycles : null;
    });
    return first!.wantedDownloadKbps;
  }

  /** What the checkpoint says of the download, kbit/s. */
  function savedKbps(): number {
    const file = join(settingsOf(system!.run).STATE_DIR, `${WAN}.json`);
    if (!existsSync(file)) return 0;
    const { rates_bps } = JSON.parse(readFileSync(file, "utf8")) as {
      rates_bps: { download: number };
    };
    return rates_bps.download / 1e3;
  }

  const isEnforced = (): boolean =>
    DIRECTIONS.every((direction) => {
      const last = system!.heard.cyclesFrom(0).at(-1);
      return (
        last !== undefined && enforces(direction, wantedKbps(last, direction))
      );
    });

  for (const [end, signal] of Object.entries(ENDS))
    for (const queues of ["there", "away"] as const)
      it(`CTRL-06, CTRL-07: goes on after ${end}, its queues ${queues}`, async () => {
        await until("a rate above base is saved", SOON_MS, () =>
          savedKbps() > 1.1 * BASE_KBPS && isEnforced() ? true : null,
        );
        if (queues === "away") DIRECTIONS.forEach(removeQueue);
        const begun = performance.now();
        controller.signal(signal);
        const { code } = await controller.end;
        expect(performance.now() - begun).to.be.below(STOP_MS);
        expect(code).to.equal(signal === "SIGTERM" ? 0 : null);
        if (signal === "SIGTERM" && queues === "there")
          for (const direction of DIRECTIONS)
            expect(kernelKbps(direction)).to.equal(BASE_KBPS);

        const saved = savedKbps();
        const firstKbps = await again();
        expect(firstKbps / saved).to.be.closeTo(1, 0.02);
        if (queues === "away")
          for (const direction of DIRECTIONS)
            addQueue(SHAPING, direction, MADE_KBPS);
        await until("what is wanted is enforced", SOON_MS, () =>
          isEnforced() ? true : null,
        );
      });

  it("CTRL-07: ends at a stop while tc hangs", async () => {
    const [tc] = processesOf("tc", "shaper");
    process.kill(tc!, "SIGSTOP");
    await pause(ASKED_MS);
    const { code, tookMs } = await controller.stop();
    expect(code).to.equal(0);
    expect(tookMs).to.be.below(STOP_MS);
    await again();
  });
});
