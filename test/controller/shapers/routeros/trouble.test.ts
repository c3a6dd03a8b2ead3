import { expect } from "chai";
import {
  type Clock,
  later,
  systemClock,
} from "../../../../shared/runtime/clock.js";
import { PASSWORD } from "../../../fakes/routeros/server.js";
import {
  type Ending,
  play,
  TROUBLES,
} from "../../../fakes/routeros/troubles.js";

/** So that waits of half a minute are over soon. `node dist/bench/router.js troubles` plays it in real time. */
const FAST = 20;
const begin = systemClock.mono();
const clock: Clock = {
  ...systemClock,
  mono: () => later(begin, FAST * (systemClock.mono() - begin)),
};

describe("a RouterOS in trouble", () => {
  let played: Promise<Ending[]>;
  // one beside the other: they mostly wait
  before(() => (played = Promise.all(TROUBLES.map((one) => play(one, clock)))));

  TROUBLES.forEach(({ what, fault }, i) =>
    it(`that ${what} is ${fault === null ? "not lost" : `lost: ${fault}`}, and right again after it (CTRL-04)`, async () => {
      const { events, rates, wish, view } = (await played)[i]!;
      const lost = events.filter((event) => event.startsWith("router_lost"));
      expect(new Set(lost)).to.deep.equal(
        new Set(fault === null ? [] : [`router_lost ${fault}`]),
      );
      expect(events.filter((event) => event === "router_back").length).to.equal(
        lost.length,
      );
      expect(rates).to.deep.equal({ other: "10000000", ...wish });
      expect(view).to.include({ reachable: true, error: null });
    }),
  );

  it("says nowhere what its password is", async () => {
    const all = (await played).map(({ said }) => said).join("\n");
    expect(all).to.contain("router_lost");
    for (const form of [PASSWORD, Buffer.from(PASSWORD).toString("base64")])
      expect(all).not.to.contain(form);
  });
});
