import { expect } from "chai";
import fc from "fast-check";
import { Packr } from "msgpackr";
import {
  type CycleFrame,
  decodeFrame,
  encodeFrame,
  type Frame,
  FRAME_VERSION,
  FrameError,
} from "../../../shared/contract/frame.js";
import {
  field,
  RARE_FIELDS,
  ROW_FIELDS,
} from "../../../shared/contract/row.js";

const HEADER = {
  v: FRAME_VERSION,
  source: "spectrum",
  boot: "0123456789abcdef",
  seq: 7,
  at: 1_795_231_333_069,
  mono: 123_456,
};

const CYCLE = {
  ...HEADER,
  kind: "cycle",
  ...Object.fromEntries(ROW_FIELDS.map((name) => [name, 1])),
  ...Object.fromEntries(RARE_FIELDS.map((name) => [name, null])),
} as unknown as CycleFrame;

const CUT: CycleFrame = {
  ...CYCLE,
  badDownload: 2,
  samplesDownload: 3,
  carriedDownloadKbps: 7_910,
};

/** A cycle as version 2 wrote it. */
const VERSION_2 =
  "de001ea17602a6736f75726365a8737065637472756da4626f6f74b030313233343536373839616263646566a373657107a26174d3000001a1fc203acda46d6f6e6fce0001e240a46b696e64a56379636c65a772656164696e6701a5727474557301a96c6f6164527474557301aa626173656c696e65557301a764656c7461557301a46c6f737401ad7374617465446f776e6c6f616401b277616e746564446f776e6c6f61644b62707301b4656e666f72636564446f776e6c6f61644b62707301b06c6f6164446f776e6c6f61644b62707301b0746172676574446f776e6c6f6164557301ad6361757365446f776e6c6f616401af6361757365446f776e6c6f6164557301ab737461746555706c6f616401b077616e74656455706c6f61644b62707301b2656e666f7263656455706c6f61644b62707301ae6c6f616455706c6f61644b62707301ae74617267657455706c6f6164557301ab636175736555706c6f616401ad636175736555706c6f6164557301a66c617465557301a66d697373656401a97075626c697368557301";

const TRANSITION: Frame = {
  ...HEADER,
  kind: "transition",
  direction: "download",
  from: 1,
  to: 2,
  deltaUs: 50_300,
  threshold: "soft_red",
  thresholdUs: 45_000,
  reason: "RTT delta 50.3ms exceeded soft_red threshold 45ms",
};

// Changing one of these means bumping FRAME_VERSION.
const GOLDEN: readonly (readonly [Frame, string])[] = [
  [
    CYCLE,
    "de001ea17603a6736f75726365a8737065637472756da4626f6f74b030313233343536373839616263646566a373657107a26174d3000001a1fc203acda46d6f6e6fce0001e240a46b696e64a56379636c65a772656164696e6701a5727474557301a96c6f6164527474557301aa626173656c696e65557301a764656c7461557301a46c6f737401ad7374617465446f776e6c6f616401b277616e746564446f776e6c6f61644b62707301b4656e666f72636564446f776e6c6f61644b62707301b06c6f6164446f776e6c6f61644b62707301b0746172676574446f776e6c6f6164557301ad6361757365446f776e6c6f616401af6361757365446f776e6c6f6164557301ab737461746555706c6f616401b077616e74656455706c6f61644b62707301b2656e666f7263656455706c6f61644b62707301ae6c6f616455706c6f61644b62707301ae74617267657455706c6f6164557301ab636175736555706c6f616401ad636175736555706c6f6164557301a66c617465557301a66d697373656401a97075626c697368557301",
  ],
  [
    CUT,
    "de0021a17603a6736f75726365a8737065637472756da4626f6f74b030313233343536373839616263646566a373657107a26174d3000001a1fc203acda46d6f6e6fce0001e240a46b696e64a56379636c65a772656164696e6701a5727474557301a96c6f6164527474557301aa626173656c696e65557301a764656c7461557301a46c6f737401ad7374617465446f776e6c6f616401b277616e746564446f776e6c6f61644b62707301b4656e666f72636564446f776e6c6f61644b62707301b06c6f6164446f776e6c6f61644b62707301b0746172676574446f776e6c6f6164557301ad6361757365446f776e6c6f616401af6361757365446f776e6c6f6164557301ab737461746555706c6f616401b077616e74656455706c6f61644b62707301b2656e666f7263656455706c6f61644b62707301ae6c6f616455706c6f61644b62707301ae74617267657455706c6f6164557301ab636175736555706c6f616401ad636175736555706c6f6164557301a66c617465557301a66d697373656401a97075626c697368557301ab626164446f776e6c6f616402af73616d706c6573446f776e6c6f616403b363617272696564446f776e6c6f61644b627073cd1ee6",
  ],
  [
    TRANSITION,
    "8ea17603a6736f75726365a8737065637472756da4626f6f74b030313233343536373839616263646566a373657107a26174d3000001a1fc203acda46d6f6e6fce0001e240a46b696e64aa7472616e736974696f6ea9646972656374696f6ea8646f776e6c6f6164a466726f6d01a2746f02a764656c74615573cdc47ca97468726573686f6c64a8736f66745f726564ab7468726573686f6c645573cdafc8a6726561736f6ed9315254542064656c74612035302e336d7320657863656564656420736f66745f726564207468726573686f6c642034356d73",
  ],
  [
    { ...HEADER, kind: "event", event: "started", detail: { pid: 1 } },
    "89a17603a6736f75726365a8737065637472756da4626f6f74b030313233343536373839616263646566a373657107a26174d3000001a1fc203acda46d6f6e6fce0001e240a46b696e64a56576656e74a56576656e74a773746172746564a664657461696c81a370696401",
  ],
  [
    {
      ...HEADER,
      kind: "config",
      trigger: "start",
      config: { wan: "spectrum", download: { floor_mbps: 20 } },
    },
    "89a17603a6736f75726365a8737065637472756da4626f6f74b030313233343536373839616263646566a373657107a26174d3000001a1fc203acda46d6f6e6fce0001e240a46b696e64a6636f6e666967a774726967676572a57374617274a6636f6e66696782a377616ea8737065637472756da8646f776e6c6f616481aa666c6f6f725f6d62707314",
  ],
  [
    {
      ...HEADER,
      kind: "sample",
      metric: "wanctl_steering_enabled",
      value: 1,
      labels: {},
    },
    "8aa17603a6736f75726365a8737065637472756da4626f6f74b030313233343536373839616263646566a373657107a26174d3000001a1fc203acda46d6f6e6fce0001e240a46b696e64a673616d706c65a66d6574726963b777616e63746c5f7374656572696e675f656e61626c6564a576616c756501a66c6162656c7380",
  ],
];

/** A legal cycle frame: any integer each field allows, null where it may be. */
const cycleFrame = (): fc.Arbitrary<CycleFrame> =>
  fc
    .record(
      Object.fromEntries(
        ROW_FIELDS.map((name) => {
          const { unit, signed, nullMeans } = field(name);
          const value = fc.integer({
            min: signed ? -(2 ** 31) : 0,
            max: unit === "code" ? 3 : 2 ** 40,
          });
          return [name, nullMeans === undefined ? value : fc.option(value)];
        }),
      ),
    )
    .map((row) => ({ ...HEADER, kind: "cycle", ...row }) as CycleFrame);

describe("encodeFrame()", () => {
  for (const [frame, hex] of GOLDEN)
    it(`writes a frame of kind ${frame.kind}${frame === CUT ? " that cuts" : ""} as the golden bytes`, () => {
      expect(encodeFrame(frame).toString("hex")).to.equal(hex);
    });

  it("writes times and numbers as integers, never as floats", () => {
    const bytes = encodeFrame({
      ...CYCLE,
      seq: 2 ** 40,
      mono: 2 ** 41,
      wantedDownloadKbps: 2 ** 33,
    });
    for (const key of ["at", "seq", "mono", "wantedDownloadKbps"]) {
      const head = Buffer.concat([
        Buffer.from([0xa0 | key.length]),
        Buffer.from(key),
      ]);
      expect(bytes[bytes.indexOf(head) + head.length], key).to.equal(0xd3);
    }
  });

  it("keeps half an hour of cycles within 16 MB (INTG-04)", () => {
    const typical = { ...CYCLE, rttUs: 24_300, loadRttUs: 24_900 };
    const frame = Object.assign(typical, {
      baselineUs: 22_100,
      deltaUs: 1_900,
      wantedDownloadKbps: 187_432,
      enforcedDownloadKbps: 187_432,
      loadDownloadKbps: 180_123,
      targetDownloadUs: 15_000,
      causeDownloadUs: 3_500,
      wantedUploadKbps: 19_432,
      enforcedUploadKbps: 19_432,
      loadUploadKbps: 8_123,
      targetUploadUs: 15_000,
      causeUploadUs: 3_500,
      lateUs: 900,
      publishUs: 120,
      seq: 70_000,
    });
    expect(encodeFrame(frame).length * 20 * 60 * 30).to.be.below(16e6);
  });
});

describe("decodeFrame()", () => {
  it("understands the version before, and that it left out what a cut has", () => {
    const { frame, unknownKeys } = decodeFrame(Buffer.from(VERSION_2, "hex"));
    expect(frame).to.deep.equal({ ...CYCLE, v: 2 });
    expect(unknownKeys).to.equal(0);
  });

  it("gives back what encodeFrame() was given", () => {
    fc.assert(
      fc.property(cycleFrame(), (frame) => {
        expect(decodeFrame(encodeFrame(frame)).frame).to.deep.equal(frame);
      }),
    );
    expect(decodeFrame(encodeFrame(TRANSITION)).frame).to.deep.equal(
      TRANSITION,
    );
  });

  it("reads any bytes as a frame or throws FrameError, nothing else", () => {
    const golden = encodeFrame(TRANSITION);
    const mutated = fc
      .tuple(fc.nat(golden.length - 1), fc.nat(255), fc.nat(golden.length))
      .map(([at, byte, end]) => {
        const bytes = Buffer.from(golden);
        bytes[at] = byte;
        return bytes.subarray(0, end);
      });
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated),
        (bytes) => {
          try {
            decodeFrame(bytes);
          } catch (error) {
            expect(error).to.be.instanceOf(FrameError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("refuses a header that promises more than there is, without allocating it", () => {
    // arrays of 2^25 within arrays of 2^25: 256 MB a level for a decoder that believes it
    const bomb = Buffer.from("dd02000000".repeat(1000), "hex");
    const before = process.memoryUsage().rss;
    expect(() => decodeFrame(bomb)).to.throw(FrameError);
    expect(process.memoryUsage().rss - before).to.be.below(64e6);
  });

  const pack = (value: unknown) => new Packr({ useRecords: false }).pack(value);

  for (const [what, value, message] of [
    ["a wrong kind", { ...HEADER, kind: "sneeze" }, /'kind': must be one of/],
    ["no map", [1, 2], /must be a map/],
    ["a state beyond RED", { ...CYCLE, stateDownload: 4 }, /stateDownload/],
    ["a fraction", { ...CYCLE, lost: 0.5 }, /lost/],
    ["a bad name", { ...CYCLE, source: "No Such" }, /source/],
    ["a missing field", { ...HEADER, kind: "cycle" }, /reading/],
  ] as const)
    it(`names what is wrong with ${what}`, () => {
      expect(() => decodeFrame(pack(value))).to.throw(FrameError, message);
    });

  it("counts keys it does not know, and reads the rest", () => {
    const { frame, unknownKeys } = decodeFrame(
      pack({ ...TRANSITION, mood: "good", __proto__x: 1 }),
    );
    expect(frame.kind).to.equal("transition");
    expect(unknownKeys).to.equal(2);
  });

  it("marks a newer version as such", () => {
    const newer = pack({ ...TRANSITION, v: FRAME_VERSION + 1 });
    expect(() => decodeFrame(newer))
      .to.throw(FrameError)
      .with.property("fault", "version");
  });
});
