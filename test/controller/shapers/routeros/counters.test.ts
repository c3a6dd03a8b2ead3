import { expect } from "chai";
import { openRouterOsCounters } from "../../../../controller/shapers/routeros/queue.js";
import { openRest } from "../../../../controller/shapers/routeros/rest.js";
import { systemClock } from "../../../../shared/runtime/clock.js";
import { openDevice } from "../../../fakes/routeros/device.js";
import {
  openFakeRouterOs,
  PASSWORD,
  USER,
} from "../../../fakes/routeros/server.js";
import { until } from "../../../fakes/until.js";

describe("openRouterOsCounters()", () => {
  it("takes each value once, with an instant between question and answer, and none while the router is away", async () => {
    let received = 1_000;
    const device = openDevice({
      bytes: (name) =>
        name === "ether1" ? { received: received++, sent: 7 } : null,
    });
    await using router = await openFakeRouterOs(device, { certificate: null });
    await using session = openRest({
      ...{ host: "127.0.0.1", port: router.port, trust: null, user: USER },
      ...{ password: () => PASSWORD, deadlineMs: 500 },
    });
    const begun = systemClock.mono();
    await using counters = openRouterOsCounters(session, "ether1", systemClock);
    const first = await until(() => counters.take()[0]);
    expect(first).to.include({ downloadBytes: 1_000, uploadBytes: 7 });
    expect(first.at).to.be.within(begun, systemClock.mono());
    const second = await until(() => counters.take()[0]);
    expect(second.downloadBytes).to.equal(1_001);
    expect(counters.link()).to.equal("up");

    await router.vanish();
    await until(() => (counters.link() === null ? true : null));
    expect(counters.take()).to.deep.equal([]);
    await router.appear();
    expect((await until(() => counters.take()[0])).at).to.be.above(second.at);
  });
});
