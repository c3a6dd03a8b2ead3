import { expect } from "chai";
import { askHealth } from "../../shared/runtime/health.js";
import { fallUntilCut } from "../bed/fall.js";
import { demandMachine, machineInWords } from "../bed/kernel.js";
import { startListener } from "../bed/listener.js";
import { run } from "../bed/namespace.js";
import { openSystem, WAN } from "../bed/system.js";
import { openDownloads } from "../bed/traffic.js";
import { until } from "../bed/waiting.js";

const LINE_KBPS = 20_000;
const MEND_MS = 20_000;

describe(`reflectors with IPv6 addresses: ${machineInWords()}`, function () {
  this.timeout(90_000);
  before(demandMachine);

  it("CTRL-04: are measured, by handshakes where their pings are filtered, and the rate is cut", async () => {
    await using system = await openSystem(LINE_KBPS, {
      settings: { REFLECTORS: "fd03::1" },
    });
    const { heard } = system;
    await using _listener = startListener();
    await using _downloads = await openDownloads();
    const place = heard.frames.length;
    run("server", "sysctl -qw net.ipv6.icmp.echo_ignore_all=1");
    const { detail } = await heard.event("pings_filtered", place, MEND_MS);
    expect(detail["why"]).to.match(/pings are filtered/);
    const measured = heard.frames.length;
    await fallUntilCut(system, LINE_KBPS, MEND_MS);
    run("server", "sysctl -qw net.ipv6.icmp.echo_ignore_all=0");
    await heard.event("pings_back", measured, MEND_MS);
    await until("fine health", MEND_MS, async () => {
      const health = await askHealth(system.run.wanHealth(WAN));
      return health?.status === "fine";
    });
    const events = heard.frames
      .slice(place)
      .flatMap((frame) => (frame.kind === "event" ? [frame.event] : []));
    expect(events).not.to.include("line_lost");
  });
});
