import { expect } from "chai";
import fc from "fast-check";
import { qdiscPage } from "../../../cli/commands/qdisc.js";
import { findings } from "../../../controller/qdisc/findings.js";
import {
  anyHost,
  anyQueue,
  builtHost,
  wantedWith,
} from "../../controller/qdisc/hosts.js";

describe("the page of wanctl qdisc show", () => {
  it("says what is there", () => {
    expect(qdiscPage("bed", wantedWith(), builtHost(), [])).to.deep.equal([
      "bed       as configured",
      "  download  ifb4wan: cake ca4e:, 15.0 Mbit/s of 4.00 to 25.0",
      "            besteffort, dual-dsthost, nat, wash, no-ack-filter, split-gso,",
      "            ingress, rtt 100ms, noatm overhead 18 mpu 64",
      "            fed by wan's ingress (matchall)",
      "            sent 0 kB in 0 packets, 0 dropped, 0 marked, backlog 0 kB",
      "  upload    wan: cake ca4e:, 15.0 Mbit/s of 4.00 to 25.0",
      "            besteffort, dual-srchost, nat, nowash, no-ack-filter, split-gso,",
      "            egress, rtt 100ms, noatm overhead 18 mpu 64",
      "            sent 0 kB in 0 packets, 0 dropped, 0 marked, backlog 0 kB",
    ]);
  });

  it("fits 80 columns and has every finding, whatever there is", () =>
    fc.assert(
      fc.property(anyHost, anyQueue, (host, queue) => {
        const wanted = wantedWith(queue);
        const found = findings(wanted, host);
        const page = qdiscPage("bed", wanted, host, found);
        for (const line of page) expect(line.length).to.be.at.most(80);
        expect(page.filter((line) => line.includes(" ! "))).to.have.length(
          found.length,
        );
      }),
    ));
});
