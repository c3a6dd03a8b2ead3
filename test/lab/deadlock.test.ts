import { expect } from "chai";
import { WANCTL } from "../../lab/policies/wanctl.js";
import { play } from "../../lab/run.js";
import { SCENARIOS } from "../../lab/scenarios.js";

describe("a queue while both ways are full, by round trips alone", () => {
  const scenario = SCENARIOS.find(({ id }) => id === "X2");

  for (const seed of [8, 20])
    it(`does not stand while one is at its floor and the other set far above its line (CTRL-03), seed ${seed}`, () => {
      if (scenario === undefined) throw new Error("no X2");
      const { callPackets } = play(scenario, WANCTL, seed);
      const late = callPackets.filter(({ addedMs }) => addedMs > 300).length;
      expect(late / callPackets.length).to.be.below(0.01);
    });
});
