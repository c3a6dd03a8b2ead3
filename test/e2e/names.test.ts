import { spawnSync } from "node:child_process";
import { realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { askHealth } from "../../shared/runtime/health.js";
import { type Daemon, startDaemon } from "../bed/daemon.js";
import { demandMachine, machineInWords } from "../bed/kernel.js";
import { run } from "../bed/namespace.js";
import {
  controllerArgs,
  openSystem,
  settingsOf,
  type System,
  WAN,
} from "../bed/system.js";
import { pause, until } from "../bed/waiting.js";

const MEND_MS = 30_000;

/** Puts a file of ours in the place of one of /etc, as only this process sees it. */
function replace(pid: number, folder: string, file: string, text: string) {
  const ours = join(folder, file);
  writeFileSync(ours, text);
  const place = realpathSync(join("/etc", file));
  const args = ["-t", `${pid}`, "-m", "--", "mount", "--bind", ours, place];
  expect(spawnSync("nsenter", args).status).to.equal(0);
}

const HANGING = [
  "add table ip names",
  "add chain ip names filter { type filter hook input priority 0 ; }",
  "add rule ip names filter udp dport 53 drop",
];

describe(`reflectors with names: ${machineInWords()}`, function () {
  this.timeout(120_000);
  before(demandMachine);

  /** Starts a controller whose reflectors all have names that it cannot look up. */
  async function startNameless(
    { run: folder }: System,
    rules: readonly string[],
  ): Promise<Daemon> {
    for (const rule of rules) run("server", `nft ${rule}`);
    const controller = startDaemon(controllerArgs(folder), {
      ...{ ...settingsOf(folder), REFLECTORS: "reflector" },
    });
    // its first events may be over before the ear has found it
    await until("a controller that has set its rates", MEND_MS, async () => {
      const health = await askHealth(folder.wanHealth(WAN));
      const router = health?.["router"] as { reachable?: boolean } | undefined;
      return router?.reachable === true;
    });
    const server = "nameserver 10.0.3.2\n";
    replace(controller.pid, folder.root, "resolv.conf", server);
    return controller;
  }

  for (const [does, rules] of [
    ["hangs", HANGING],
    ["refuses", []],
  ] as const)
    it(`CTRL-04: while the name server ${does} nothing is called filtered or down, and then it measures`, async () => {
      await using system = await openSystem(20_000);
      const { heard, run: folder } = system;
      await system.controller.stop();
      const place = heard.frames.length;
      await using controller = await startNameless(system, rules);
      const { pid } = controller;
      await pause(6_000);
      const health = await askHealth(folder.wanHealth(WAN));
      expect(health?.["condition"]).to.include({ name: "silent" });
      expect(health?.reasons.join()).to.match(
        /no address known for reflector1, .*reflector6/,
      );
      const names = [1, 2, 3, 4, 5, 6].map((n) => `10.0.3.1${n} reflector${n}`);
      replace(pid, folder.root, "hosts", `${names.join("\n")}\n`);
      const { detail } = await heard.event("names_back", place, MEND_MS);
      expect(detail["lost_ms"]).to.be.above(3_000);
      await until("an end of it", MEND_MS, async () => {
        const now = await askHealth(folder.wanHealth(WAN));
        return now?.status === "fine";
      });
      const events = heard.frames
        .slice(place)
        .flatMap((frame) => (frame.kind === "event" ? [frame.event] : []));
      expect(events).not.to.include.members(["pings_filtered"]);
      expect(events).not.to.include.members(["line_lost"]);
      expect(controller.hasEnded).to.equal(false);
    });

  it("CTRL-07: ends at a stop while the name server hangs", async () => {
    await using system = await openSystem(20_000);
    await system.controller.stop();
    await using controller = await startNameless(system, HANGING);
    await pause(6_000); // a look-up takes 10 s
    const { code, signal, tookMs } = await controller.stop();
    expect(code === 0 || signal === "SIGTERM").to.equal(true);
    expect(tookMs).to.be.below(4_000);
  });
});
