import { expect } from "chai";
import {
  openProcCounters,
  parseProcLine,
} from "../../../controller/line/counters.js";
import { systemClock } from "../../../shared/runtime/clock.js";
import { until } from "../../fakes/until.js";

const TABLE = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1296       9    0    0    0     0          0         0     1296       9    0    0    0     0       0          0
  wan0:18446744073      12    0    0    0     0          0         0     5678      13    0    0    0     0       0          0
wan0.7: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16`;

describe("parseDevice()", () => {
  for (const [device, bytes] of [
    ["wan0", { received: 18_446_744_073, sent: 5678 }],
    ["wan0.7", { received: 1, sent: 9 }],
    ["lo", { received: 1296, sent: 1296 }],
    ["wan", null],
    ["face", null],
  ] as const)
    it(`finds ${bytes === null ? "nothing for" : "the bytes of"} ${device}`, () => {
      expect(parseProcLine(TABLE, device)).to.deep.equal(bytes);
    });
});

describe("openProcCounters()", () => {
  it("hands each value over once, in order", async () => {
    await using counters = await openProcCounters("lo", systemClock);
    const seen: number[] = [];
    await until(() => {
      for (const { at, downloadBytes } of counters.take()) {
        expect(downloadBytes).to.be.at.least(0);
        seen.push(at);
      }
      return seen.length >= 4 || null;
    });
    expect(seen).to.deep.equal([...new Set(seen)].sort((a, b) => a - b));
    expect(counters.link()).to.equal("up");
  });

  it("CTRL-04: has none for a device that is away, and says so", async () => {
    await using counters = await openProcCounters(
      "no-such-device",
      systemClock,
    );
    await new Promise((done) => setTimeout(done, 80));
    expect(counters.take()).to.deep.equal([]);
    expect(counters.link()).to.equal("gone");
  });
});
