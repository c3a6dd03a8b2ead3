import { readFileSync } from "node:fs";
import { expect } from "chai";
import { readingCode } from "../../shared/contract/state.js";
import { startDaemon } from "../bed/daemon.js";
import { demandMachine, machineInWords } from "../bed/kernel.js";
import {
  controllerArgs,
  openSystem,
  settingsOf,
  type System,
} from "../bed/system.js";
import { openDownloads } from "../bed/traffic.js";
import { pause, until } from "../bed/waiting.js";

const SOON_MS = 20_000;
const SECONDS = 3;

describe(`an idle line: ${machineInWords()}`, function () {
  this.timeout(90_000);
  let system: System | undefined;

  before(demandMachine);
  before(async () => (system = await openSystem(20_000)));
  after(() => system?.[Symbol.asyncDispose]());

  it("DATA-01: is probed less, and as ever within a beat of traffic", async () => {
    const { heard, run, controller } = system!;
    await controller.stop();
    const from = heard.frames.length;
    await using idler = startDaemon(controllerArgs(run), {
      ...settingsOf(run),
      IDLE_AFTER: "2",
    });
    const asleep = readingCode("asleep");
    const cyclesFrom = (place: number) => heard.cyclesFrom(place);
    await until("a rest", SOON_MS, () =>
      cyclesFrom(from).some(({ reading }) => reading === asleep),
    );
    const sent = probesSent(idler.pid);
    const place = heard.frames.length;
    await pause(SECONDS * 1e3);
    expect(probesSent(idler.pid) - sent).to.be.within(
      6 * (SECONDS - 1),
      6 * (SECONDS + 1),
    );
    const resting = cyclesFrom(place);
    expect(resting.map(({ lost }) => lost)).not.to.include(1);
    expect(resting.filter(({ reading }) => reading === asleep)).not.to.be.empty;

    await using _downloads = await openDownloads();
    const busy = await until("traffic", SOON_MS, () => {
      const cycles = cyclesFrom(place);
      const first = cycles.findIndex(
        ({ loadDownloadKbps }) => (loadDownloadKbps ?? 0) > 4_000,
      );
      return first >= 0 && cycles.length > first + 20
        ? cycles.slice(first + 2, first + 20)
        : null;
    });
    expect(busy.map(({ reading }) => reading)).not.to.include(asleep);
    expect((await idler.stop()).code).to.equal(0);
  });
});

/** ICMP messages that left the process's network namespace so far. */
function probesSent(pid: number): number {
  const [names = "", values = ""] = readFileSync(
    `/proc/${pid}/net/snmp`,
    "latin1",
  )
    .split("\n")
    .filter((line) => line.startsWith("Icmp: "));
  const place = names.split(" ").indexOf("OutMsgs");
  return Number(values.split(" ")[place]);
}
