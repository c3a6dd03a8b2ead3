import { expect } from "chai";
import { parseGateway } from "../../../controller/probes/gateway.js";

const TABLE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
lte\t00000000\t0102000A\t0003\t0\t0\t700\t00000000\t0\t0\t0
wan\t00000000\t01B2A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
wan\t00B2A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
`;

describe("parseGateway()", () => {
  for (const [device, gateway] of [
    [null, "192.168.178.1"],
    ["wan", "192.168.178.1"],
    ["lte", "10.0.2.1"],
    ["ppp0", null],
    ["eth9", null],
  ] as const)
    it(`CTRL-04: finds ${gateway ?? "none"} by ${device ?? "any device"}`, () => {
      expect(parseGateway(TABLE, device)).to.equal(gateway);
    });

  it("finds none in an empty table", () => {
    expect(parseGateway("", null)).to.equal(null);
  });
});
