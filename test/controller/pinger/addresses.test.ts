import { expect } from "chai";
import { openAddresses } from "../../../controller/pinger/addresses.js";
import { until } from "../../fakes/until.js";

describe("openAddresses()", () => {
  it("has an address at once, and a name when it is looked up", async () => {
    using addresses = openAddresses([
      "192.0.2.1",
      "localhost",
      "nowhere.invalid",
    ]);
    expect([0, 1, 2].map((reflector) => addresses.of(reflector))).to.deep.equal(
      ["192.0.2.1", null, null],
    );
    expect(await until(() => addresses.of(1))).to.match(/^127\./);
    expect(addresses.of(2)).to.be.null;
  });
});
