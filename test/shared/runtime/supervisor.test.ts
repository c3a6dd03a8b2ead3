import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Clock, MonoMs } from "../../../shared/runtime/clock.js";
import { openSupervisor } from "../../../shared/runtime/supervisor.js";
import { serviceManager } from "../../fakes/service-manager.js";

describe("openSupervisor()", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-notify-"));
  const before = { ...process.env };
  afterEach(() => {
    for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC"]) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  let now = 0;
  const clock = { mono: () => now as MonoMs } as Clock;

  it("speaks to the service manager, and feeds its watchdog a few times per WatchdogSec (OPS-01)", () => {
    process.env["NOTIFY_SOCKET"] = join(folder, "notify");
    process.env["WATCHDOG_USEC"] = "10000000";
    const heard = serviceManager(join(folder, "notify"));
    const supervisor = openSupervisor(clock);
    supervisor.ready();
    supervisor.status(() => "all is well");
    for (now = 0; now <= 10_000; now += 50) supervisor.alive();
    supervisor.stopping();
    expect(heard()).to.deep.equal([
      "READY=1",
      "STATUS=all is well",
      ...Array.from({ length: 5 }, () => "WATCHDOG=1"),
      "STOPPING=1",
    ]);
  });

  it("asks for its sentence every two seconds, and says it when it is another (OPS-01)", () => {
    process.env["NOTIFY_SOCKET"] = join(folder, "status");
    const heard = serviceManager(join(folder, "status"));
    now = 0;
    const supervisor = openSupervisor(clock);
    let asked = 0;
    for (; now < 10_000; now += 50)
      supervisor.status(() => `word ${Math.floor(asked++ / 2)}`);
    expect(asked).to.equal(5);
    expect(heard()).to.deep.equal([
      "STATUS=word 0",
      "STATUS=word 1",
      "STATUS=word 2",
    ]);
  });

  it("is silent without one", () => {
    delete process.env["NOTIFY_SOCKET"];
    const supervisor = openSupervisor(clock);
    supervisor.ready();
    supervisor.alive();
    supervisor.status(() => "nobody hears");
    supervisor.stopping();
  });
});
