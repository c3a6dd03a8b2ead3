import { expect } from "chai";
import fc from "fast-check";
import {
  ANSWER_TYPE,
  checksum,
  decodeAnswer,
  encodeRequest,
  msOfDay,
  type Request,
  type Times,
} from "../../../../controller/probes/icmp/packet.js";
import { DAY_MS } from "../../../../shared/contract/units.js";

const word = fc.integer({ min: 0, max: 0xffff });
const request: fc.Arbitrary<Request> = fc.record({
  ask: fc.constantFrom("echo", "timestamps"),
  id: word,
  seq: word,
  originateMs: fc.integer({ min: 0, max: DAY_MS - 1 }),
});
const times = fc.record({
  receiveMs: fc.integer({ min: 0, max: 0xffff_ffff }),
  transmitMs: fc.integer({ min: 0, max: 0xffff_ffff }),
});
const address = fc.ipV4();
/** IP options come between header and message. */
const options = fc.integer({ min: 0, max: 10 }).map((words) => 4 * words);

/** What a reflector makes of a request: the type of the answer, its times, the sum, an IP header of its own. */
function reflect(
  asked: Request,
  { receiveMs, transmitMs }: Times,
  from: string,
  optionBytes: number,
): Buffer {
  const message = encodeRequest(asked);
  message.writeUInt8(ANSWER_TYPE[asked.ask], 0);
  if (asked.ask === "timestamps") {
    message.writeUInt32BE(receiveMs, 12);
    message.writeUInt32BE(transmitMs, 16);
  }
  message.writeUInt16BE(0, 2);
  message.writeUInt16BE(checksum(message), 2);
  const header = Buffer.alloc(20 + optionBytes);
  header.writeUInt8(0x40 | (header.length / 4), 0);
  header.set(from.split(".").map(Number), 12);
  return Buffer.concat([header, message]);
}

describe("encodeRequest() and decodeAnswer()", () => {
  it("come back to what was asked, with the reflector's times", () => {
    fc.assert(
      fc.property(
        fc.tuple(request, times, address, options),
        ([asked, told, from, optionBytes]) => {
          const isTold =
            asked.ask === "timestamps" &&
            told.receiveMs < DAY_MS &&
            told.transmitMs < DAY_MS;
          expect(
            decodeAnswer(reflect(asked, told, from, optionBytes)),
          ).to.deep.equal({ ...asked, from, times: isTold ? told : null });
        },
      ),
    );
  });

  it("takes times for none that are not ms since midnight UTC (RFC 792, the high bit)", () => {
    const asked: Request = { ask: "timestamps", id: 1, seq: 2, originateMs: 3 };
    for (const ms of [0x8000_0001, DAY_MS])
      expect(
        decodeAnswer(
          reflect(asked, { receiveMs: ms, transmitMs: 5 }, "192.0.2.1", 0),
        )?.times,
      ).to.be.null;
  });

  it("refuses an answer with any bit turned over", () => {
    fc.assert(
      fc.property(
        fc.tuple(request, times, fc.integer({ min: 0, max: 20 * 8 - 1 })),
        ([asked, told, bit]) => {
          const packet = reflect(asked, told, "192.0.2.1", 0);
          const at = 20 + (bit >> 3);
          packet.writeUInt8((packet[at] ?? 0) ^ (1 << (bit & 7)), at);
          expect(decodeAnswer(packet)).to.be.null;
        },
      ),
    );
  });

  it("takes a request for no answer", () => {
    fc.assert(
      fc.property(request, (asked) => {
        const header = Buffer.alloc(20, 0x45);
        expect(decodeAnswer(Buffer.concat([header, encodeRequest(asked)]))).to
          .be.null;
      }),
    );
  });

  it("reads whatever it is given without falling over", () => {
    const start = fc.constantFrom([], [0x45], [0x4f], [0x40]);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 80 }), (first, rest) => {
        decodeAnswer(Buffer.from([...first, ...rest]));
      }),
    );
  });
});

describe("msOfDay()", () => {
  for (const [wall, ms] of [
    ["2026-11-21T00:00:00.000Z", 0],
    ["2026-11-21T23:59:59.999Z", DAY_MS - 1],
    ["2026-11-22T00:00:00.000Z", 0],
  ] as const)
    it(`calls ${wall} ${ms}`, () => {
      expect(msOfDay(Date.parse(wall))).to.equal(ms);
    });
});
