import { expect } from "chai";
import fc from "fast-check";
import { openGateway } from "../../../controller/probes/gateway.js";
import { familyOf, socketAddress } from "../../../controller/probes/sockets.js";
import { systemClock } from "../../../shared/runtime/clock.js";
import { Failure } from "../../../shared/runtime/failure.js";

describe("socketAddress()", () => {
  it("is a sockaddr_in of any IPv4 address and port", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
        fc.nat(65_535),
        (bytes, port) => {
          const built = socketAddress(bytes.join("."), port);
          expect(built.readUInt16LE(0)).to.equal(familyOf("10.0.0.1"));
          expect(built.readUInt16BE(2)).to.equal(port);
          expect([...built.subarray(4, 8)]).to.deep.equal(bytes);
          expect(built.length).to.equal(16);
        },
      ),
    );
  });

  it("is a sockaddr_in6 of any IPv6 address and port", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(65_535), { minLength: 8, maxLength: 8 }),
        fc.nat(65_535),
        (groups, port) => {
          const text = groups.map((group) => group.toString(16)).join(":");
          const built = socketAddress(text, port);
          expect(built.readUInt16LE(0)).to.equal(familyOf("::1"));
          expect(built.readUInt16BE(2)).to.equal(port);
          const read = groups.map((_, i) => built.readUInt16BE(8 + 2 * i));
          expect(read).to.deep.equal(groups);
          expect(built.length).to.equal(28);
        },
      ),
    );
  });

  for (const wrong of ["", "example.org", "10.0.0", "fe80::1%eth0"])
    it(`refuses '${wrong}'`, () => {
      expect(() => socketAddress(wrong)).to.throw(Failure);
    });
});

describe("openGateway()", () => {
  it("CTRL-04: of a source of the other family nothing is known, and nobody is harmed", () => {
    const way = { source: "::1", interface: null };
    using gateway = openGateway(way, systemClock);
    expect(gateway.look(true, systemClock.mono())).to.equal(null);
  });
});
