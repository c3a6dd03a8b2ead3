import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { Session } from "../../../../controller/shapers/routeros/session.js";
import { openSsh } from "../../../../controller/shapers/routeros/ssh.js";
import { until } from "../../../fakes/until.js";
import { childrenOf, programOf } from "../../../processes.js";
import { openRouterOverSsh, type RouterOverSsh } from "./router-over-ssh.js";

const bytes = (text: string) => Buffer.from(text).toString("latin1");

/** Enough for any operation under any load. */
const PATIENT_MS = 200_000;

describe("RouterOS over SSH", function () {
  let router: RouterOverSsh;
  let opened: RouterOverSsh | null = null;
  let session: Session;

  before(async function () {
    if (!existsSync("/usr/sbin/sshd")) {
      const what = "Cannot play a router over SSH: no sshd";
      if (process.env["CI"] === "true") throw new Error(what);
      console.error(`\n!!! SKIPPED: ${what}\n`);
      this.skip();
    }
    opened = router = await openRouterOverSsh();
  });
  after(() => opened?.[Symbol.asyncDispose]());

  beforeEach(() => {
    router.answers = "rightly";
    const { menus, singles } = router.cli;
    menus.set(
      "queue/tree",
      new Map([
        ["*1000001", queue("down-spectrum", "150000000")],
        ["*1000002", queue("up-spectrum", "15000000")],
      ]),
    );
    singles.set("system/resource", new Map([["uptime", "1d02:03:04"]]));
    session = openSsh({ ...router.options, deadlineMs: PATIENT_MS });
  });
  afterEach(() => session[Symbol.asyncDispose]());

  it("lists, filters, sets and reads back over one connection", async () => {
    const before = router.connections();
    expect(await session.list("queue/tree")).to.have.nested.property(
      "value.length",
      2,
    );
    const where = { name: "down-spectrum" };
    const found = await session.list("queue/tree", where);
    expect(found).to.deep.equal({
      kind: "done",
      value: [
        { ".id": "*1000001", name: "down-spectrum", "max-limit": "150000000" },
      ],
    });
    expect(
      await session.set("queue/tree", "*1000001", { "max-limit": "80000000" }),
    ).to.deep.equal({ kind: "done", value: undefined });
    expect(await session.list("queue/tree", where)).to.have.nested.property(
      "value[0].max-limit",
      "80000000",
    );
    expect(await session.list("system/resource")).to.deep.equal({
      kind: "done",
      value: [{ uptime: "1d02:03:04" }],
    });
    expect(router.connections() - before).to.equal(1);
  });

  it("carries any value there and back, through ssh and a shell's hands", () =>
    fc.assert(
      fc.asyncProperty(
        fc
          .string({ unit: "binary", minLength: 1, maxLength: 12 })
          .filter((text) => !/[\r\0]/.test(text)),
        async (name) => {
          const value = `"; ${name} $i \\ '`;
          const set = await session.set("queue/tree", "*1000002", {
            name: value,
          });
          expect(set.kind).to.equal("done");
          const list = await session.list("queue/tree", { name: value });
          expect(list).to.have.nested.property("value[0].name", value);
          const kept = router.cli.menus.get("queue/tree")!.get("*1000001");
          expect(kept).to.deep.equal(queue("down-spectrum", "150000000"));
        },
      ),
      { numRuns: 5 },
    ));

  it("takes turns: any number asked at once, one at work", async () => {
    const asked = Array.from({ length: 8 }, () => session.list("queue/tree"));
    const outcomes = await Promise.all(asked);
    for (const { kind } of outcomes) expect(kind).to.equal("done");
  });

  it("keeps no more than eight waiting", async () => {
    const asked = Array.from({ length: 12 }, () => session.list("queue/tree"));
    const outcomes = await Promise.all(asked);
    expect(outcomes.at(-1)).to.include({ kind: "failed", fault: "busy" });
    expect(outcomes[0]).to.include({ kind: "done" });
  });

  it("never blocks the process that asks", async () => {
    const asked = session.list("queue/tree");
    let beats = 0;
    const beat = setInterval(() => (beats += 1), 1);
    await asked;
    clearInterval(beat);
    expect(beats).to.be.above(3);
  });

  it("CTRL-04: is back by itself after the router was away", async () => {
    expect(await session.list("queue/tree")).to.include({ kind: "done" });
    await router.stop();
    expect(await session.list("queue/tree")).to.include({
      kind: "failed",
      fault: "unreachable",
    });
    await router.start();
    expect(await session.list("queue/tree")).to.include({ kind: "done" });
  });

  it("CTRL-04: tells a router that went away before it answered", async () => {
    router.answers = "never";
    const begun = router.scripts.length;
    const asked = session.list("queue/tree");
    await until(() => router.scripts[begun], PATIENT_MS);
    await router.stop();
    expect(await asked).to.include({ kind: "failed", fault: "unreachable" });
    await router.start();
  });

  for (const [said, fault] of [
    ["not enough permissions (9)\r\n", "unauthorized"],
    ["action timed out - try again\r\n", "busy"],
    ["\x1b[9999B welcome to the jungle\r\n", "refused"],
  ] as const)
    it(`CTRL-04: takes "${said.trim()}" for ${fault}`, async () => {
      router.answers = { text: said };
      for (const outcome of [
        await session.list("queue/tree"),
        await session.set("queue/tree", "*1000001", {}),
      ])
        expect(outcome).to.include({ kind: "failed", fault });
    });

  it("CTRL-04: tells an item that is gone", async () => {
    const outcome = await session.set("queue/tree", "*77", {
      "max-limit": "1",
    });
    expect(outcome).to.include({ kind: "failed", fault: "not_found" });
  });

  it("CTRL-04: gives up a router that never answers, within its deadline", async () => {
    await using hasty = openSsh({ ...router.options, deadlineMs: 1_500 });
    router.answers = "never";
    expect(await hasty.list("queue/tree")).to.include({
      kind: "failed",
      fault: "timeout",
    });
    router.answers = "rightly";
  });

  it("CTRL-04: those that waited behind it begin no connection with what is left of their time", async () => {
    await using hasty = openSsh({ ...router.options, deadlineMs: 3_000 });
    router.answers = "never";
    const begun = router.scripts.length;
    const first = hasty.list("queue/tree");
    await until(() => router.scripts[begun], PATIENT_MS);
    const second = hasty.list("queue/tree");
    router.answers = "rightly";
    expect(await first).to.include({ fault: "timeout" });
    expect(await second).to.include({ fault: "timeout" });
    expect(router.scripts).to.have.lengthOf(begun + 1);
    expect(await hasty.list("queue/tree")).to.include({ kind: "done" });
  });

  it("keeps no answer without end in memory", async () => {
    router.answers = { text: "x".repeat(3_000_000) };
    expect(await session.list("queue/tree")).to.include({
      kind: "failed",
      fault: "refused",
    });
  });

  it("CTRL-04: trusts no host key that it was not given", async () => {
    await using strict = openSsh({
      ...router.options,
      knownHostsFile: router.noKnownHosts,
      deadlineMs: PATIENT_MS,
    });
    expect(await strict.list("queue/tree")).to.include({
      kind: "failed",
      fault: "untrusted",
    });
  });

  it("CTRL-04: tells a key that is not let in", async () => {
    await using strange = openSsh({
      ...router.options,
      keyFile: router.strangeKey,
      deadlineMs: PATIENT_MS,
    });
    expect(await strange.list("queue/tree")).to.include({
      kind: "failed",
      fault: "unauthorized",
    });
  });

  it("CTRL-04: tells a port where nobody is, and one where nobody speaks", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    {
      await using mute = openSsh({ ...router.options, port, deadlineMs: 500 });
      expect(await mute.list("queue/tree")).to.include({ fault: "timeout" });
    }
    silent.close();
    await using nobody = openSsh({ ...router.options, port });
    expect(await nobody.list("queue/tree")).to.include({
      fault: "unreachable",
    });
  });

  it("leaves neither process nor file behind, whatever it was at", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wanctl-test-"));
    const usual = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder;
    const closing = openSsh({ ...router.options, deadlineMs: PATIENT_MS });
    if (usual === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = usual;

    router.answers = "never";
    const begun = router.scripts.length;
    const asked = closing.list("queue/tree");
    await until(() => router.scripts[begun], PATIENT_MS);
    expect(readdirSync(folder)).to.have.length(1);
    expect(sshProcesses()).to.have.length(2);
    await closing[Symbol.asyncDispose]();
    expect(await asked).to.include({ kind: "failed", fault: "unreachable" });
    expect(await closing.list("queue/tree")).to.include({ kind: "failed" });
    expect(sshProcesses()).to.deep.equal([]);
    expect(readdirSync(folder)).to.deep.equal([]);
    rmSync(folder, { recursive: true });
  });
});

const queue = (name: string, limit: string) =>
  new Map([
    ["name", bytes(name)],
    ["max-limit", limit],
  ]);

/** The ssh processes of ours that run. */
const sshProcesses = (): number[] =>
  childrenOf(process.pid).filter((pid) => programOf(pid) === "ssh");
