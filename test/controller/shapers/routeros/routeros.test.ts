import { expect } from "chai";
import fc from "fast-check";
import {
  parseLimit,
  type Queues,
  withLimit,
} from "../../../../controller/shapers/routeros/queue.js";
import { openRest } from "../../../../controller/shapers/routeros/rest.js";
import {
  assess,
  openRouterOs,
} from "../../../../controller/shapers/routeros/routeros.js";
import type { Session } from "../../../../controller/shapers/routeros/session.js";
import type { Outcome } from "../../../../controller/shapers/shaper.js";
import type { PerDirection } from "../../../../shared/contract/direction.js";
import { handClock } from "../../../fakes/hand-clock.js";
import { openDevice } from "../../../fakes/routeros/device.js";
import {
  type FakeRouterOs,
  openFakeRouterOs,
  PASSWORD,
  USER,
} from "../../../fakes/routeros/server.js";

const TREE: Queues = {
  kind: "tree",
  names: { download: "wan-download", upload: "wan-upload" },
};
const SIMPLE: Queues = {
  kind: "simple",
  names: { download: "wan", upload: "wan" },
};

const valueOf = <T>(outcome: Outcome<T>): T => {
  if (outcome.kind === "failed") throw new Error(outcome.why);
  return outcome.value;
};

describe("parseLimit(), withLimit()", () => {
  for (const [kind, direction, text, bps] of [
    ["tree", "download", "5000000", 5e6],
    ["tree", "upload", "1500k", 1.5e6],
    ["tree", "upload", "2.5M", 2.5e6],
    ["tree", "download", "0", Infinity],
    ["simple", "download", "1M/20M", 20e6],
    ["simple", "upload", "1000000/20000000", 1e6],
    ["simple", "download", "20M", null],
    ["tree", "download", "1M/20M", null],
    ["tree", "download", "unlimited", null],
    ["tree", "download", "", null],
  ] as const)
    it(`reads the ${direction} of a ${kind} queue's '${text}'`, () => {
      expect(parseLimit(kind, direction, text)).to.equal(bps);
    });

  it("what is written is read again, and the other direction stays", () => {
    const rate = fc.integer({ min: 1, max: 1e7 }).map((kbps) => kbps * 1e3);
    fc.assert(
      fc.property(rate, rate, rate, (up, down, bps) => {
        const text = withLimit("simple", "upload", `${up}/${down}`, bps);
        expect(parseLimit("simple", "upload", text)).to.equal(bps);
        expect(parseLimit("simple", "download", text)).to.equal(down);
        const alone = withLimit("tree", "upload", `${up}`, bps);
        expect(parseLimit("tree", "upload", alone)).to.equal(bps);
      }),
    );
  });
});

describe("openRouterOs()", () => {
  let fake: FakeRouterOs;
  let session: Session;
  const clock = handClock();

  beforeEach(async () => {
    fake = await openFakeRouterOs(openDevice(), { certificate: null });
    session = openRest({
      ...{ host: "127.0.0.1", port: fake.port, trust: null, user: USER },
      ...{ password: () => PASSWORD, deadlineMs: 1_000 },
    });
  });
  afterEach(async () => {
    await session[Symbol.asyncDispose]();
    await fake[Symbol.asyncDispose]();
  });

  for (const [queues, before, limits] of [
    [
      TREE,
      { download: 10e6, upload: 10e6 },
      { "wan-download": "7000000", "wan-upload": "3000000" },
    ],
    [SIMPLE, { download: 20e6, upload: 10e6 }, { wan: "3000000/7000000" }],
  ] as const satisfies [Queues, PerDirection<number>, Record<string, string>][])
    it(`reads and sets the rates of ${queues.kind} queues, and no others`, async () => {
      const router = openRouterOs(session, queues, clock);
      expect(valueOf(await router.readRates())).to.deep.equal(before);
      expect(valueOf(await router.setRate("download", 7e6))).to.equal(7e6);
      expect(valueOf(await router.setRate("upload", 3e6))).to.equal(3e6);
      const menu = `queue/${queues.kind}`;
      for (const [name, limit] of Object.entries(limits))
        expect(fake.device.value(menu, name, "max-limit")).to.equal(limit);
      expect(fake.device.changes).to.have.lengthOf(2);
    });

  it("never writes to another queue, though a reboot gave its id away", async () => {
    const router = openRouterOs(session, TREE, clock);
    await router.readRates();
    fake.device.reboot();
    clock.advance(6_000);
    await router.setRate("download", 7e6);
    await router.setRate("upload", 3e6);
    expect(fake.device.changes).to.deep.equal([
      ["wan-download", "max-limit", "7000000"],
      ["wan-upload", "max-limit", "3000000"],
    ]);
  });

  it("never takes another queue's rate for its own, though filters are ignored", async () => {
    fake.ignoresFilters = true;
    const router = openRouterOs(session, TREE, clock);
    fake.device.edit("queue/tree", "other", { "max-limit": "1" });
    expect(valueOf(await router.readRates())).to.deep.equal({
      download: 10e6,
      upload: 10e6,
    });
  });

  it("says which queue is not there, and finds it when it is", async () => {
    const router = openRouterOs(session, TREE, clock);
    fake.device.edit("queue/tree", "wan-upload", { name: "wan-up" });
    expect(await router.readRates()).to.deep.equal({
      ...{ kind: "failed", fault: "not_found" },
      why: "no tree queue 'wan-upload'",
    });
    fake.device.edit("queue/tree", "wan-up", { name: "wan-upload" });
    expect(await router.readRates()).to.have.property("kind", "done");
  });

  it("tells what is in force when the router says yes and does nothing (DATA-02)", async () => {
    const router = openRouterOs(session, TREE, clock);
    fake.device.lies = true;
    expect(valueOf(await router.setRate("download", 7e6))).to.equal(10e6);
  });

  describe("describe()", () => {
    const warningsOf = async (queues: Queues) =>
      valueOf(await assess(session, queues)).warnings;
    const edit = (name: string, values: Record<string, string>) =>
      fake.device.edit("queue/tree", name, values);

    it("knows the device, and has nothing to say against queues as they should be", async () => {
      expect(valueOf(await assess(session, TREE))).to.deep.equal({
        ...{ is: "RouterOS 7.16.2 (stable), CHR", warnings: [] },
      });
      expect(await warningsOf(SIMPLE)).to.deep.equal([]);
    });

    for (const [what, make, warning] of [
      [
        "a queue that is no CAKE",
        () => edit("wan-upload", { queue: "default-small" }),
        /^queue 'wan-upload' is of type 'default-small', kind pfifo: must be cake$/,
      ],
      [
        "a queue that is off",
        () => edit("wan-download", { disabled: "true" }),
        /^queue 'wan-download' is disabled$/,
      ],
      [
        "a queue on nothing",
        () => edit("wan-download", { parent: "none" }),
        /has no parent/,
      ],
      [
        "a queue that is away",
        () => edit("wan-download", { name: "x" }),
        /^no tree queue 'wan-download'$/,
      ],
      [
        "a CAKE with a bandwidth of its own",
        () =>
          fake.device.edit("queue/type", "cake-upload", {
            "cake-bandwidth": "5000000",
          }),
        /sets its own cake-bandwidth: 5000000/,
      ],
    ] as const)
      it(`warns of ${what}`, async () => {
        make();
        const warnings = await warningsOf(TREE);
        expect(warnings).to.have.lengthOf(1);
        expect(warnings[0]).to.match(warning);
      });

    it("warns of FastTrack where it passes the queue by: simple queues, global ones and marks", async () => {
      fake.device.list("ip/firewall/filter")![1]!["disabled"] = "false";
      expect(await warningsOf(TREE)).to.deep.equal([]);
      expect(await warningsOf(SIMPLE)).to.have.lengthOf(1);
      edit("wan-upload", { parent: "global" });
      edit("wan-download", { "packet-mark": "down" });
      const warnings = await warningsOf(TREE);
      expect(warnings).to.have.lengthOf(2);
      for (const warning of warnings)
        expect(warning).to.contain("bypassed by FastTrack");
    });
  });
});
