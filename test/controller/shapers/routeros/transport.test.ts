import { chmodSync, existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { openActuator } from "../../../../controller/shapers/actuator.js";
import type {
  RestWay,
  SshWay,
} from "../../../../controller/shapers/routeros/config.js";
import { ROUTEROS_PACE } from "../../../../controller/shapers/routeros/pace.js";
import {
  openRouterOsCounters,
  type Queues,
} from "../../../../controller/shapers/routeros/queue.js";
import {
  assess,
  openRouterOs,
} from "../../../../controller/shapers/routeros/routeros.js";
import type { Session } from "../../../../controller/shapers/routeros/session.js";
import { openSession } from "../../../../controller/shapers/routeros/transport.js";
import { type Clock, systemClock } from "../../../../shared/runtime/clock.js";
import { Failure } from "../../../../shared/runtime/failure.js";
import { handClock } from "../../../fakes/hand-clock.js";
import { cliOf } from "../../../fakes/routeros/device-cli.js";
import { type Device, openDevice } from "../../../fakes/routeros/device.js";
import { openFakeRouterOs, PASSWORD } from "../../../fakes/routeros/server.js";
import { until } from "../../../fakes/until.js";
import { openRouterOverSsh, type RouterOverSsh } from "./router-over-ssh.js";

const QUEUES: Queues = {
  kind: "tree",
  names: { download: "wan-download", upload: "wan-upload" },
};
const BEAT_MS = 50;
/** Enough for anything under any load. */
const PATIENT_MS = 200_000;

describe("openSession()", function () {
  let ssh: RouterOverSsh;
  let opened: RouterOverSsh | null = null;
  let device: Device;
  let received = 0;

  before(function () {
    if (!existsSync("/usr/sbin/sshd")) {
      const what = "Cannot play a router over SSH: no sshd";
      if (process.env["CI"] === "true") throw new Error(what);
      console.error(`\n!!! SKIPPED: ${what}\n`);
      this.skip();
    }
    process.env["TRANSPORT_PASSWORD"] = PASSWORD;
  });
  after(() => delete process.env["TRANSPORT_PASSWORD"]);

  beforeEach(async () => {
    device = openDevice({
      bytes: (name) =>
        name === "ether1" ? { received: (received += 1_000), sent: 7 } : null,
    });
    opened = ssh = await openRouterOverSsh(cliOf(device));
  });
  afterEach(() => opened?.[Symbol.asyncDispose]());

  const sshWay = (): SshWay => ({
    ...{ transport: "ssh", port: ssh.options.port ?? 22 },
    keyFile: ssh.options.keyFile,
    knownHostsFile: ssh.options.knownHostsFile,
  });
  const restWay = (port: number): RestWay => ({
    ...{ transport: "rest", port, isPlain: true },
    ...{ caFile: null, fingerprint: null },
    secret: { kind: "environment", name: "TRANSPORT_PASSWORD" },
  });
  const open = (ways: [RestWay | SshWay, SshWay?], clock: Clock): Session =>
    openSession(
      {
        ...{ host: "127.0.0.1", user: ssh.options.user, ways },
        ...{ queues: QUEUES, wanInterface: "ether1" },
      },
      clock,
      undefined,
      { rest: PATIENT_MS, ssh: PATIENT_MS },
    );

  /** An actuator on a session, and a controller that wishes at every beat. */
  function control(session: Session) {
    const events: string[] = [];
    const shaper = openActuator(
      openRouterOs(session, QUEUES, systemClock),
      { pace: ROUTEROS_PACE, onForeign: "correct" },
      systemClock,
      (event) => events.push(event),
    );
    return {
      ...{ shaper, events },
      /** Wishes until the rates are in force at the device, and known to be. */
      reach: async (downloadBps: number, uploadBps: number): Promise<void> => {
        const wish = { download: downloadBps, upload: uploadBps };
        const end = systemClock.mono() + PATIENT_MS;
        const isReached = () =>
          JSON.stringify(shaper.actualBps()) === JSON.stringify(wish) &&
          shaper.view().reachable;
        while (!isReached()) {
          if (systemClock.mono() > end) throw new Error(shaper.view().error!);
          shaper.request(wish);
          await pause(BEAT_MS);
        }
        for (const [direction, bps] of Object.entries(wish))
          expect(
            device.value("queue/tree", `wan-${direction}`, "max-limit"),
          ).to.equal(String(bps));
      },
      loses: async (): Promise<void> => {
        await until(() => {
          shaper.request({ download: 1e6, upload: 1e6 });
          return events.includes("router_lost") ? true : null;
        }, PATIENT_MS);
      },
    };
  }

  it("sets and reads back over SSH, and again after sshd was killed (CTRL-04, DATA-02)", async () => {
    const { shaper, events, reach, loses } = control(
      open([sshWay()], systemClock),
    );
    await using _ = shaper;
    await reach(8e6, 4e6);
    await until(() => events[0], PATIENT_MS);
    expect(ssh.connections()).to.equal(1);
    await ssh.stop();
    await loses();
    expect(shaper.view()).to.include({ reachable: false });
    await ssh.start();
    await reach(7e6, 3e6);
    expect(events).to.deep.equal([
      ...["router_described", "router_lost", "router_back"],
    ]);
    expect(shaper.view().warnings).to.deep.equal([]);
    expect(device.value("queue/tree", "other", "max-limit")).to.equal(
      "10000000",
    );
  });

  it("falls over to SSH when REST dies, unnoticed by the actuator, and goes back when it returns (CTRL-04)", async () => {
    const clock = handClock();
    const rest = await openFakeRouterOs(device, {
      ...{ certificate: null, user: ssh.options.user },
    });
    await using _rest = rest;
    const session = open([restWay(rest.port), sshWay()], clock);
    const { shaper, events, reach } = control(session);
    await using _ = shaper;
    await reach(8e6, 4e6);
    expect(session.transport).to.equal("rest");
    expect(ssh.scripts).to.deep.equal([]);

    await rest.vanish();
    await reach(7e6, 3e6);
    expect(session.transport).to.equal("ssh");

    await rest.appear();
    const asked = rest.requests.length;
    await reach(6e6, 2e6);
    expect(rest.requests.length, "not before half a minute").to.equal(asked);
    clock.advance(30_000);
    const said = ssh.scripts.length;
    await reach(5e6, 1e6);
    expect(session.transport).to.equal("rest");
    expect(ssh.scripts.length).to.equal(said);
    expect(events).to.deep.equal(["router_described"]);
  });

  it("shows the same device over SSH and REST, though durations are spelled differently", async () => {
    device.edit("queue/tree", "wan-upload", {
      ...{ disabled: "true", parent: "global" },
    });
    device.list("ip/firewall/filter")![1]!["disabled"] = "false";
    await using rest = await openFakeRouterOs(device, {
      ...{ certificate: null, user: ssh.options.user },
    });
    await using overRest = open([restWay(rest.port)], systemClock);
    await using overSsh = open([sshWay()], systemClock);
    const [, uptime] = await Promise.all(
      [overRest, overSsh].map((one) => one.list("system/resource")),
    );
    expect(uptime).to.have.nested.property("value[0].uptime", "1d02:03:04");
    for (const queues of [QUEUES, { ...QUEUES, kind: "simple" } as const]) {
      const described = await assess(overSsh, queues);
      expect(described).to.have.nested.property("value.warnings[0]");
      expect(described).to.deep.equal(await assess(overRest, queues));
    }
  });

  it("counts an interface's bytes over SSH", async () => {
    await using session = open([sshWay()], systemClock);
    await using counters = openRouterOsCounters(session, "ether1", systemClock);
    const next = () => until(() => counters.take()[0], PATIENT_MS);
    const [first, second] = [await next(), await next()];
    expect(first.uploadBytes).to.equal(7);
    expect(second.downloadBytes).to.be.above(first.downloadBytes);
    expect(second.at).to.be.above(first.at);
  });

  it("refuses, before anything is sent, a key for all to read and host keys that are not there", () => {
    const none = { ...sshWay(), knownHostsFile: "/nowhere/known" };
    expect(() => open([none], systemClock)).to.throw(
      Failure,
      "Cannot read known_hosts_file '/nowhere/known'",
    );
    chmodSync(ssh.options.keyFile, 0o644);
    expect(() => open([sshWay()], systemClock)).to.throw(
      Failure,
      "must have mode 0600 or 0640: got 0644",
    );
  });
});
