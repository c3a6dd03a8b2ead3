import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import {
  openRest,
  type RestPlace,
  type Trust,
} from "../../../../controller/shapers/routeros/rest.js";
import type { Session } from "../../../../controller/shapers/routeros/session.js";
import type { Outcome } from "../../../../controller/shapers/shaper.js";
import { ROUTER, STRANGER } from "../../../fakes/routeros/certificate.js";
import { openDevice } from "../../../fakes/routeros/device.js";
import {
  type FakeRouterOs,
  type Mood,
  openFakeRouterOs,
  PASSWORD,
  USER,
} from "../../../fakes/routeros/server.js";
import { fingerprint } from "../../../fakes/routeros/troubles.js";

const PINNED: Trust = { kind: "pinned", sha256: fingerprint(ROUTER.cert) };
const DEADLINE_MS = 300;
const TREE = "queue/tree";

describe("openRest()", () => {
  let router: FakeRouterOs;
  const opened: Session[] = [];

  beforeEach(async () => {
    router = await openFakeRouterOs(openDevice());
  });
  afterEach(async () => {
    for (const session of opened.splice(0))
      await session[Symbol.asyncDispose]();
    await router[Symbol.asyncDispose]();
  });

  function open(place: Partial<RestPlace> = {}): Session {
    const session = openRest({
      ...{ host: "127.0.0.1", port: router.port, trust: PINNED, user: USER },
      ...{ password: () => PASSWORD, deadlineMs: DEADLINE_MS },
      ...place,
    });
    opened.push(session);
    return session;
  }
  const list = (session: Session) =>
    session.list(TREE, { name: "wan-download" });
  const faultOf = (outcome: Outcome<unknown>): string =>
    outcome.kind === "failed" ? outcome.fault : "done";

  it("finds queues by names with spaces and signs, whose comments have tabs and line breaks as they are", async () => {
    const session = open();
    const name = 'a b+c&d=e%20"\\t';
    router.device.edit(TREE, "wan-download", {
      ...{ name, comment: "one\ttwo\r\nthree\u0001" },
    });
    const outcome = await session.list(TREE, { name });
    expect(outcome).to.have.nested.property(
      "value[0].comment",
      "one\ttwo\r\nthree\u0001",
    );
    expect(router.raw.at(-1)).to.include("name=a%20b%2Bc%26d");
  });

  it("lists, changes, and lists what was changed, on one connection", async () => {
    const session = open();
    const before = await list(session);
    const [item] = before.kind === "done" ? before.value : [];
    expect(item).to.include({ parent: "bridge", "max-limit": "10000000" });
    const set = await session.set(TREE, item![".id"]!, { "max-limit": "7M" });
    expect(set).to.deep.equal({ kind: "done", value: undefined });
    const after = await list(session);
    expect(after).to.have.nested.property("value[0].max-limit", "7000000");
    expect(router.requests).to.deep.equal([
      "GET queue/tree?name=wan-download",
      "PATCH queue/tree/*2",
      "GET queue/tree?name=wan-download",
    ]);
    expect(router.connections).to.equal(1);
  });

  it("looks through an answer that is more than was asked for", async () => {
    router.ignoresFilters = true;
    expect(await list(open())).to.have.nested.property("value.length", 1);
  });

  it("takes the one item of a menu for a list of one", async () => {
    expect(await open().list("system/resource")).to.have.nested.property(
      "value[0].board-name",
      "CHR",
    );
  });

  for (const [mood, fault] of [
    ["busy", "busy"],
    ["hangs", "timeout"],
    ["drops", "unreachable"],
    ["locked", "unauthorized"],
    ["forbidden", "unauthorized"],
    ["garbage", "refused"],
  ] as const satisfies [Mood, string][])
    it(`calls a router that is ${mood}: ${fault}, and works when it is fine again (CTRL-04)`, async () => {
      const session = open();
      expect(faultOf(await list(session))).to.equal("done");
      router.mood = mood;
      expect(faultOf(await list(session))).to.equal(fault);
      router.mood = "fine";
      expect(faultOf(await list(session))).to.equal("done");
    });

  it("tells an item that is not there from one that is refused", async () => {
    const session = open();
    const change = (id: string, values: Record<string, string>) =>
      session.set(TREE, id, values).then(faultOf);
    expect(await change("*99", { "max-limit": "1M" })).to.equal("not_found");
    expect(await change("*1", { "max-limit": "lots" })).to.equal("refused");
    expect(await change("*1", { colour: "red" })).to.equal("refused");
  });

  it("calls a router that is away unreachable, and finds it when it is back", async () => {
    const session = open();
    await list(session);
    await router.vanish();
    expect(faultOf(await list(session))).to.equal("unreachable");
    await router.appear();
    expect(faultOf(await list(session))).to.equal("done");
  });

  it("does not take the end of a kept connection for a lost router", async () => {
    const session = open();
    await list(session);
    await router.vanish();
    await router.appear();
    expect(faultOf(await list(session))).to.equal("done");
  });

  it("gives up a connection that is never made", async () => {
    // who listens and never shakes hands
    const deaf = createServer().listen(0, "127.0.0.1");
    await once(deaf, "listening");
    const { port } = deaf.address() as AddressInfo;
    expect(faultOf(await list(open({ port })))).to.equal("timeout");
    deaf.close();
  });

  describe("whose certificate it believes", () => {
    const strange: Trust = {
      kind: "pinned",
      sha256: fingerprint(STRANGER.cert),
    };
    for (const [what, trust, host, fault] of [
      [
        "none that nobody vouches for",
        { kind: "system" },
        "127.0.0.1",
        "untrusted",
      ],
      [
        "the one that is its own authority",
        { kind: "ca", pem: ROUTER.cert },
        "127.0.0.1",
        "done",
      ],
      [
        "not by another name",
        { kind: "ca", pem: ROUTER.cert },
        "127.0.0.2",
        "untrusted",
      ],
      [
        "none of another authority",
        { kind: "ca", pem: STRANGER.cert },
        "127.0.0.1",
        "untrusted",
      ],
      ["the pinned one", PINNED, "127.0.0.1", "done"],
      ["no other than the pinned one", strange, "127.0.0.1", "untrusted"],
    ] as const satisfies [string, Trust, string, string][])
      it(what, async () => {
        await using shown = await openFakeRouterOs(openDevice(), { host });
        const session = open({ trust, host, port: shown.port });
        expect(faultOf(await list(session))).to.equal(fault);
        // neither the password nor anything else went to one that is not believed
        expect(shown.requests.length).to.equal(fault === "done" ? 1 : 0);
      });

    it("says what it was shown, so that it can be pinned", async () => {
      const outcome = await list(open({ trust: strange }));
      expect(outcome)
        .to.have.property("why")
        .that.contains(fingerprint(ROUTER.cert));
    });
  });

  it("never lets the password into what it says, whatever the router sends back", async () => {
    const { device } = router;
    device.set = () => Promise.resolve(PASSWORD as "invalid value");
    const outcome = await open().set(TREE, "*1", {});
    expect(JSON.stringify(outcome)).to.contain("***").and.not.contain(PASSWORD);
  });

  it("reads the password again after it was refused", async () => {
    let password = "old";
    const session = open({ password: () => password });
    password = PASSWORD;
    expect(faultOf(await list(session))).to.equal("unauthorized");
    expect(faultOf(await list(session))).to.equal("done");
  });

  it("speaks plain HTTP where it is told to", async () => {
    await using plain = await openFakeRouterOs(openDevice(), {
      certificate: null,
    });
    const session = open({ port: plain.port, trust: null });
    expect(faultOf(await list(session))).to.equal("done");
    const tls = open({ port: plain.port });
    expect(faultOf(await list(tls))).to.equal("refused");
  });
});
