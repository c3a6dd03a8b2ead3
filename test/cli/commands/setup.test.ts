import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { ifbOf, likelyPreset, proposal } from "../../../cli/setup/proposal.js";
import { openQuestions } from "../../../cli/setup/questions.js";
import { loadControllerConfig } from "../../../controller/config/config.js";
import { PRESET_NAMES } from "../../../controller/law/tuning.js";
import { ROUTER } from "../../fakes/routeros/certificate.js";
import { openDevice } from "../../fakes/routeros/device.js";
import { openFakeRouterOs, PASSWORD } from "../../fakes/routeros/server.js";
import { fingerprint } from "../../fakes/routeros/troubles.js";
import { temporaryFolder } from "../../recorder/temporary.js";
import { wanctl } from "../bin.js";
import { standIn, standInHost } from "../stand-in-host.js";

describe("proposal()", () => {
  const folder = temporaryFolder();

  it("is a valid file, whatever the answers", () => {
    const file = join(folder.path, "wan.yaml");
    const mbps = fc.double({ min: 0.5, max: 100_000, noNaN: true });
    const shaper = fc.oneof(
      fc.record({
        kind: fc.constant("host" as const),
        device: fc.constantFrom("eth0", "ppp0", "wwan0", "enp0s31f6.1234"),
        source: fc.constantFrom(null, "10.0.0.2"),
      }),
      fc.record({
        kind: fc.constant("router" as const),
        host: fc.constantFrom("192.168.88.1", "router.lan"),
        port: fc.option(fc.integer({ min: 1, max: 65_535 })),
        user: fc.constantFrom("wanctl", "yes", "a: b"),
        passwordFile: fc.constant("/etc/wanctl/router.password"),
        fingerprint: fc.option(fc.constant("ab".repeat(32))),
        queue: fc.constantFrom("tree" as const, "simple" as const),
        queues: fc.constant({ download: "down # 1", upload: "up: 2" }),
        wanInterface: fc.option(fc.constantFrom("ether1", "pppoe-out1")),
      }),
    );
    const line = fc.record({
      wan: fc.constantFrom("cable", "a"),
      preset: fc.constantFrom(...PRESET_NAMES),
      reflectors: fc.constant(["1.1.1.1", "9.9.9.9"]),
      idleMs: fc.option(fc.double({ min: 0.1, max: 2000, noNaN: true })),
      planMbps: fc.record({ download: mbps, upload: mbps }),
      shaper,
    });
    fc.assert(
      fc.property(line, (answers) => {
        writeFileSync(file, proposal(answers));
        const { policy } = loadControllerConfig(file).values;
        expect(policy.limits.upload.ceilingBps / 1e6).to.be.closeTo(
          answers.planMbps.upload,
          1e-6,
        );
      }),
    );
  });

  it("names an ifb that the kernel takes", () =>
    expect(ifbOf("enp0s31f6.1234")).to.have.lengthOf(15));

  for (const [device, idleMs, preset] of [
    ["wwan0", 60, "lte"],
    ["ppp0", 3, "vdsl"],
    ["eth0", 3, "fibre"],
    ["eth0", 12, "cable"],
    [null, null, "cable"],
  ] as const)
    it(`takes ${device} at ${idleMs} ms for ${preset}`, () =>
      expect(likelyPreset(device, idleMs)).to.equal(preset));
});

describe("openQuestions()", () => {
  const question = {
    ...{ flag: "rate", words: "Rate", usual: null },
    fault: (answer: string) => (Number(answer) > 0 ? null : "must be a number"),
  };
  const refusal = async (work: Promise<string>) =>
    work.then(
      () => "none",
      (error: unknown) => (error as Error).message,
    );

  it("takes a flag before what is usual, and demands what has to be there", async () => {
    using questions = openQuestions(false);
    expect(await questions.ask(question, "7")).to.equal("7");
    expect(
      await questions.ask({ ...question, usual: "3" }, undefined),
    ).to.equal("3");
    expect(await refusal(questions.ask(question, undefined))).to.equal(
      "Cannot set up: --rate is required without a terminal",
    );
    expect(await refusal(questions.ask(question, "fast"))).to.equal(
      "Cannot set up: --rate must be a number: got 'fast'",
    );
  });
});

describe("wanctl setup", () => {
  const folder = temporaryFolder();
  standInHost(folder);

  const etc = () => join(folder.path, "etc");
  const run = (...more: string[]) =>
    wanctl(
      ...["setup", "--to", etc(), "--download", "200", "--upload", "20"],
      ...more,
    );

  it("writes what it sees of this host, and says what is next", async () => {
    const { code, out } = await run("--interface", "eth7", "--wan", "cable");
    expect(code).to.equal(0);
    const { values } = loadControllerConfig(join(etc(), "cable.yaml"));
    expect(values.probe.reflectors).to.deep.equal([
      ...["1.1.1.1", "8.8.8.8", "9.9.9.9"],
    ]);
    expect(values.probe.interface).to.equal("eth7");
    expect(values.shaper).to.deep.include({
      devices: { download: "ifb4eth7", upload: "eth7" },
    });
    expect(out).to.include(
      `wanctl qdisc up --config ${join(etc(), "cable.yaml")}`,
    );
    expect(out).to.include("For the other WAN: wanctl setup --interface wwan0");
    expect((await wanctl("check", etc())).code).to.equal(0);
  });

  it("takes the default route's device where nobody is asked", async () => {
    const { code } = await run("--yes");
    expect(code).to.equal(0);
    const { values } = loadControllerConfig(join(etc(), "eth7.yaml"));
    expect(values.probe.interface).to.equal("eth7");
  });

  it("never writes over a file", async () => {
    mkdirSync(etc());
    writeFileSync(join(etc(), "cable.yaml"), "mine");
    const { code, err } = await run("--interface", "eth7", "--wan", "cable");
    expect(code).to.equal(1);
    expect(err).to.include("cable.yaml': it exists already");
    expect(readFileSync(join(etc(), "cable.yaml"), "utf8")).to.equal("mine");
  });

  it("goes on where nobody answers pings, and says so", async () => {
    standIn(folder.path, "fping", "exit 4");
    const { code, err } = await run("--yes");
    expect(code).to.equal(0);
    expect(err).to.include("0 of 6 reflectors answered");
  });

  it("says which flag is missing", async () => {
    const { code, err } = await wanctl("setup", "--to", etc(), "--yes");
    expect(code).to.equal(1);
    expect(err).to.include(
      "wanctl: Cannot set up: --download is required without a terminal\n",
    );
  });

  it("finds the queues of a router", async () => {
    await using router = await openFakeRouterOs(openDevice());
    const password = join(folder.path, "password");
    writeFileSync(password, `${PASSWORD}\n`, { mode: 0o600 });
    const { code, err, out } = await run(
      ...["--wan", "cable", "--router", `127.0.0.1:${router.port}`],
      ...["--password-file", password],
      ...["--fingerprint", fingerprint(ROUTER.cert)],
    );
    expect(err).not.to.include("Cannot");
    expect(code).to.equal(0);
    expect(out + err).not.to.include(PASSWORD);
    const { shaper } = loadControllerConfig(join(etc(), "cable.yaml")).values;
    expect(shaper.backend === "routeros" && shaper.router.queues).to.deep.equal(
      {
        kind: "tree",
        names: { download: "wan-download", upload: "wan-upload" },
      },
    );
  });

  it("says why a router does not let it look", async () => {
    await using router = await openFakeRouterOs(openDevice());
    const password = join(folder.path, "password");
    writeFileSync(password, "wrong\n", { mode: 0o600 });
    const { code, err } = await run(
      ...["--wan", "cable", "--router", `127.0.0.1:${router.port}`],
      ...["--password-file", password],
      ...["--fingerprint", fingerprint(ROUTER.cert)],
    );
    expect(code).to.equal(1);
    expect(err).to.include("Cannot ask the router: ");
  });
});
