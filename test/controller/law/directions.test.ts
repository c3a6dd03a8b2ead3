import { expect } from "chai";
import { reasonFor } from "../../../controller/law/congestion.js";
import { DIRECTIONS, opposite } from "../../../shared/contract/direction.js";
import { play } from "./loop.js";

/** Every transition while one direction is full and its line falls to a third, in words. */
function transitions(hasOneWay: boolean, falling: "download" | "upload") {
  const steady = [[0, 20]] as const;
  const falls = [
    [0, 20],
    [6, 6],
  ] as const;
  const other = opposite(falling);
  const way = { [falling]: falls, [other]: steady };
  const flows = { [falling]: 4, [other]: 0 };
  const beats = play({
    download: way["download"]!,
    upload: way["upload"]!,
    flows: { download: flows["download"]!, upload: flows["upload"]! },
    ...{ seconds: 20, hasOneWay },
  });
  return beats.flatMap(({ state: { transition } }) =>
    DIRECTIONS.flatMap((direction) => {
      const change = transition[direction];
      return change === null ? [] : [{ direction, reason: reasonFor(change) }];
    }),
  );
}

describe("states by direction", function () {
  this.timeout(60_000);

  for (const falling of DIRECTIONS)
    it(`a queue of the ${falling} changes the state of the ${falling} alone where one-way delays are known (CTRL-08)`, () => {
      const told = transitions(true, falling);
      expect(told).to.not.be.empty;
      for (const { direction } of told) expect(direction).to.equal(falling);
      expect(told[0]?.reason).to.match(
        new RegExp(`^${falling} delay [\\d.]+ms exceeded`),
      );
    });

  it("with RTTs alone it changes both, and the reason says RTT delta (DATA-03)", () => {
    const told = transitions(false, "upload");
    const directions = new Set(told.map(({ direction }) => direction));
    expect([...directions]).to.have.members([...DIRECTIONS]);
    for (const { reason } of told)
      expect(reason).to.match(/^RTT delta [\d.]+ms /);
  });
});
