import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { demandMachine, machineInWords } from "../bed/kernel.js";
import { openSystem, type System } from "../bed/system.js";
import { pause } from "../bed/waiting.js";
import { serviceManager } from "../fakes/service-manager.js";

/** Without a word for so long, systemd kills (WatchdogSec). */
const WATCHDOG_MS = 4_000;

const LOOK_MS = 50;

/** Longer than a controller waits before it says that a line is down, and goes to base. */
const OUTAGE_MS = 12_000;

describe(`a controller and its watchdog: ${machineInWords()}`, function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "wanctl-watchdog-"));
  let system: System | undefined;
  let heard: () => string[];

  before(demandMachine);
  before(async () => {
    const socket = join(folder, "notify");
    heard = serviceManager(socket);
    system = await openSystem(20_000, {
      settings: {
        NOTIFY_SOCKET: socket,
        WATCHDOG_USEC: String(WATCHDOG_MS * 1e3),
      },
    });
  });
  after(async () => {
    await system?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** The longest time without a word to the watchdog, ms; Infinity where none came. */
  async function longestSilence(lastsMs: number): Promise<number> {
    heard();
    let fedAt = performance.now();
    let longest = 0;
    let isFed = false;
    for (const begun = fedAt; performance.now() - begun < lastsMs;) {
      await pause(LOOK_MS);
      longest = Math.max(longest, performance.now() - fedAt);
      if (!heard().includes("WATCHDOG=1")) continue;
      isFed = true;
      fedAt = performance.now();
    }
    return isFed ? longest : Infinity;
  }

  it("CTRL-04: neither line nor router, reflectors nor link stop its feeding", async () => {
    const { line, heard: bus } = system!;
    const place = bus.frames.length;
    line.reflectors(false);
    line.unplug(); // the queues with it
    expect(await longestSilence(OUTAGE_MS)).to.be.below(WATCHDOG_MS);
    const said = bus.frames
      .slice(place)
      .flatMap((frame) => (frame.kind === "event" ? [frame.event] : []));
    expect(said).to.include.members([
      ...["measurement_lost", "link_lost", "router_lost"],
    ]);
  });

  it("a loop that no longer turns does, and feeds again when it turns", async () => {
    const { controller } = system!;
    controller.signal("SIGSTOP");
    await pause(LOOK_MS);
    expect(await longestSilence(WATCHDOG_MS + 1_000)).to.equal(Infinity);
    controller.signal("SIGCONT");
    expect(await longestSilence(WATCHDOG_MS)).to.be.below(WATCHDOG_MS);
  });
});
