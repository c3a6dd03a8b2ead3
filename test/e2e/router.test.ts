import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import type { CallCounts } from "../../shared/contract/router-call.js";
import { askHealth } from "../../shared/runtime/health.js";
import { demandMachine, machineInWords } from "../bed/kernel.js";
import { enforces } from "../bed/queues.js";
import { openSystem, type System, WAN } from "../bed/system.js";
import { openDownloads } from "../bed/traffic.js";
import { pause, until } from "../bed/waiting.js";

const MEND_MS = 20_000;

describe(`a line behind a RouterOS: ${machineInWords()}`, function () {
  this.timeout(90_000);
  let system: System | undefined;

  before(demandMachine);
  before(async () => {
    system = await openSystem(20_000, { backend: "routeros" });
  });
  after(() => system?.[Symbol.asyncDispose]());

  const tell = (line: string) => system!.router!.child.stdin.write(`${line}\n`);

  it("DATA-02: has in the kernel what the controller says is enforced", async () => {
    await using _downloads = await openDownloads();
    await pause(5_000);
    const rates = system!.heard.cyclesFrom(0).map((c) => c.wantedDownloadKbps);
    expect(new Set(rates).size, "the rate moves").to.be.above(10);
    await until("the same on both sides", MEND_MS, isGranted);
  });

  for (const mood of ["hangs", "locked"] as const)
    it(`CTRL-01, CTRL-04: keeps its beat while the router ${mood === "hangs" ? "hangs" : "says 401"}, and follows again`, async () => {
      const { heard } = system!;
      await using _downloads = await openDownloads();
      const place = heard.frames.length;
      tell(mood);
      await heard.event("router_lost", place, MEND_MS);
      const from = heard.frames.length;
      await pause(3_000);
      // 60, and some less where the host is busy; a third of it if a cycle waited
      expect(heard.cyclesFrom(from).length).to.be.within(45, 65);
      tell("fine");
      await heard.event("router_back", place, 40_000);
      await until("the same on both sides", MEND_MS, isGranted);
    });

  it("API-01, DATA-05: tells Prometheus of failed calls what the controller's health says", async () => {
    await until("the same counts on both sides", MEND_MS, async () => {
      const health = await askHealth(system!.run.wanHealth(WAN));
      const { calls } = health?.["router"] as { calls: CallCounts };
      const { timeout = 0, unauthorized = 0 } = calls.rest ?? {};
      expect(Math.min(timeout, unauthorized)).to.be.above(0);
      const told = await scrape();
      return Object.entries({ timeout, unauthorized }).every(
        ([outcome, count]) =>
          told.includes(
            `wanctl_router_calls_total{transport="rest",outcome="${outcome}",wan="${WAN}"} ${count}\n`,
          ),
      );
    });
  });

  async function scrape(): Promise<string> {
    const asked = request({
      socketPath: system!.run.recorderApi,
      path: "/metrics",
    }).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return text(answer);
  }

  function isGranted(): boolean {
    const last = system!.heard.cyclesFrom(0).at(-1);
    return DIRECTIONS.every((direction) => {
      const enforced =
        direction === "download"
          ? last?.enforcedDownloadKbps
          : last?.enforcedUploadKbps;
      return typeof enforced === "number" && enforces(direction, enforced);
    });
  }
});
