import { expect } from "chai";
import type { Session } from "../../../../controller/shapers/routeros/session.js";
import { openFallback } from "../../../../controller/shapers/routeros/transport.js";
import { done, failed } from "../../../../controller/shapers/shaper.js";
import type { FaultKind } from "../../../../shared/contract/router-call.js";
import { handClock } from "../../../fakes/hand-clock.js";

/** A transport that says which faults it has, and writes down that it was used. */
function transport(kind: "rest" | "ssh", used: string[]) {
  let fault: FaultKind | null = null;
  const session: Session = {
    transport: kind,
    list() {
      used.push(kind);
      return Promise.resolve(fault === null ? done([]) : failed(fault, fault));
    },
    set: () => Promise.resolve(done(undefined)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { session, fail: (kind: FaultKind | null) => (fault = kind) };
}

function open() {
  const clock = handClock();
  const used: string[] = [];
  const [rest, ssh] = [transport("rest", used), transport("ssh", used)];
  const session = openFallback(rest.session, ssh.session, clock);
  /** What was used for one question, and what came of it. */
  const ask = async () => {
    const outcome = await session.list("interface");
    const result = outcome.kind === "done" ? "done" : outcome.fault;
    return [...used.splice(0), result].join(" ");
  };
  return { clock, rest, ssh, session, ask };
}

describe("openFallback()", () => {
  it("uses the second while the first is lost, and the first again when it is back", async () => {
    const { clock, rest, session, ask } = open();
    expect(await ask()).to.equal("rest done");
    rest.fail("unreachable");
    expect(await ask()).to.equal("rest ssh done");
    expect(session.transport).to.equal("ssh");
    expect(await ask()).to.equal("ssh done");
    rest.fail(null);
    clock.advance(29_999);
    expect(await ask()).to.equal("ssh done");
    clock.advance(1);
    expect(await ask()).to.equal("rest done");
    expect(session.transport).to.equal("rest");
  });

  it("tries the first ever more rarely, every five minutes at last", async () => {
    const { clock, rest, ask } = open();
    rest.fail("timeout");
    const tried: number[] = [];
    for (let s = 0; s < 1_200; s++) {
      if ((await ask()).startsWith("rest")) tried.push(s);
      clock.advance(1_000);
    }
    expect(tried).to.deep.equal([0, 30, 90, 210, 450, 750, 1_050]);
  });

  it("waits no longer for several that failed together", async () => {
    const { clock, rest, ask, session } = open();
    rest.fail("timeout");
    await Promise.all([1, 2, 3].map(() => session.list("interface")));
    rest.fail(null);
    await ask();
    clock.advance(29_999);
    expect(await ask()).to.equal("ssh done");
    clock.advance(1);
    expect(await ask()).to.equal("rest done");
  });

  it("does not hold the router's own outage against the first", async () => {
    const { clock, rest, ssh, ask } = open();
    rest.fail("unreachable");
    ssh.fail("unreachable");
    for (let s = 0; s < 600; s++) {
      await ask();
      clock.advance(1_000);
    }
    ssh.fail(null);
    expect(await ask()).to.equal("rest ssh done");
    rest.fail(null);
    clock.advance(30_000);
    expect(await ask()).to.equal("rest done");
  });

  it("takes a no for a no", async () => {
    const { rest, ask } = open();
    for (const fault of ["refused", "not_found"] as const) {
      rest.fail(fault);
      expect(await ask()).to.equal(`rest ${fault}`);
    }
  });

  it("goes back to the first at once when the second is lost too: it is the router then", async () => {
    const { rest, ssh, ask } = open();
    rest.fail("unreachable");
    ssh.fail("unreachable");
    expect(await ask()).to.equal("rest ssh unreachable");
    rest.fail(null);
    expect(await ask()).to.equal("rest done");
  });
});
