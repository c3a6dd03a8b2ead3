import { expect } from "chai";
import { openBackoff } from "../../../shared/runtime/backoff.js";

describe("openBackoff()", () => {
  it("doubles each wait up to the longest, and starts again after a success", () => {
    const backoff = openBackoff(250, 900);
    const waits = [1, 2, 3, 4].map(() => backoff.next());
    expect(waits).to.deep.equal([250, 500, 900, 900]);
    backoff.reset();
    expect(backoff.next()).to.equal(250);
  });
});
