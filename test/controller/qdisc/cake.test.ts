import { expect } from "chai";
import {
  cakeOptions,
  cakeWords,
  differences,
  parseCakeOptions,
} from "../../../controller/qdisc/cake.js";
import { QUEUE } from "./hosts.js";

/** What `tc -j qdisc show` answered of a queue made with the words of the first column (iproute2 6.1, Linux 7.2). */
const ANSWERS = [
  [
    "besteffort dual-srchost nat nowash no-ack-filter split-gso egress rtt 100ms noatm overhead 18 mpu 64",
    `{"bandwidth":1250000,"diffserv":"besteffort","flowmode":"dual-srchost","nat":true,"wash":false,"ingress":false,"ack-filter":"disabled","split_gso":true,"rtt":100000,"raw":false,"atm":"noatm","overhead":18,"mpu":64,"fwmark":"0"}`,
  ],
  [
    "besteffort dual-dsthost nat wash no-ack-filter split-gso ingress rtt 100ms raw",
    `{"bandwidth":12500000,"diffserv":"besteffort","flowmode":"dual-dsthost","nat":true,"wash":true,"ingress":true,"ack-filter":"disabled","split_gso":true,"rtt":100000,"raw":true,"overhead":0,"fwmark":"0"}`,
  ],
  [
    "diffserv4 dual-srchost nonat wash ack-filter split-gso egress rtt 100ms ptm overhead 22 mpu 64",
    `{"bandwidth":1250000,"diffserv":"diffserv4","flowmode":"dual-srchost","nat":false,"wash":true,"ingress":false,"ack-filter":"enabled","split_gso":true,"rtt":100000,"raw":false,"atm":"ptm","overhead":22,"mpu":64,"fwmark":"0"}`,
  ],
] as const;

describe("CAKE's options", () => {
  for (const [words, answer] of ANSWERS)
    it(`reads back: ${words}`, () => {
      const options = parseCakeOptions(
        JSON.parse(answer) as Record<string, unknown>,
      );
      expect(cakeWords(options)).to.equal(words);
    });

  it("are right for each direction by themselves", () => {
    const queue = { ...QUEUE, ackFilter: true };
    expect(cakeWords(cakeOptions(queue, "upload"))).to.equal(
      "besteffort dual-srchost nat nowash ack-filter split-gso egress rtt 100ms noatm overhead 18 mpu 64",
    );
    expect(cakeWords(cakeOptions(queue, "download"))).to.equal(
      "besteffort dual-dsthost nat wash no-ack-filter split-gso ingress rtt 100ms noatm overhead 18 mpu 64",
    );
  });

  it("take the overhead that is given instead of the link's", () => {
    const queue = { ...QUEUE, overheadBytes: 26, mpuBytes: 0 };
    expect(
      differences(cakeOptions(QUEUE, "upload"), cakeOptions(queue, "upload")),
    ).to.deep.equal([
      {
        found: "noatm overhead 18 mpu 64",
        wanted: "noatm overhead 26 mpu 0",
      },
    ]);
  });
});
