import { expect } from "chai";
import { openAddresses } from "../../../controller/probes/addresses.js";
import { systemClock } from "../../../shared/runtime/clock.js";
import { until } from "../../fakes/until.js";

describe("openAddresses()", () => {
  const told: string[] = [];
  const report = (event: string, { name }: object & { name?: unknown }) =>
    void told.push(`${event} ${String(name)}`);

  it("CTRL-04: has an address at once, a name when it is looked up, and says which cannot be", async () => {
    const hosts = ["192.0.2.1", "localhost", "nowhere.invalid"];
    using addresses = openAddresses(hosts, 4, systemClock, report);
    const known = () => hosts.map((_, reflector) => addresses.of(reflector));
    expect(known()).to.deep.equal(["192.0.2.1", null, null]);
    expect(addresses.unknown()).to.deep.equal(hosts.slice(1));
    await until(() => told.length || null);
    expect(known()[1]).to.match(/^127\./);
    expect(known()[2]).to.be.null;
    expect(addresses.unknown()).to.deep.equal(["nowhere.invalid"]);
    expect(told).to.deep.equal(["names_lost nowhere.invalid"]);
  });
});
