import { expect } from "chai";
import {
  type Congestion,
  fullAtMs,
  openCubic,
  SEGMENT_BYTES,
} from "../../../controller/simulation/tcp.js";

/** Acks a whole window per round trip of 20 ms, spread evenly. */
function runFor(cubic: Congestion, fromMs: number, ms: number): void {
  for (let t = fromMs; t < fromMs + ms; t++)
    cubic.acked(cubic.windowBytes() / 20, t);
}

/** A window of about that many segments, just after the loss that ended its growth. */
function afterLossAt(segments: number): Congestion {
  const cubic = openCubic();
  cubic.acked(segments * SEGMENT_BYTES - cubic.windowBytes(), 0);
  cubic.lost();
  return cubic;
}

const segments = (cubic: Congestion) => cubic.windowBytes() / SEGMENT_BYTES;

describe("openCubic()", () => {
  it("doubles in slow start when a window is acked", () => {
    const cubic = openCubic();
    const before = cubic.windowBytes();
    cubic.acked(before, 0);
    expect(cubic.windowBytes()).to.equal(2 * before);
  });

  it("keeps 70 % of its window after a loss, and two segments at least", () => {
    const cubic = afterLossAt(400);
    expect(segments(cubic)).to.be.closeTo(280, 0.01);
    for (let i = 0; i < 50; i++) cubic.lost();
    expect(segments(cubic)).to.equal(2);
  });

  it("is back where it was lost after K, and beyond it later", () => {
    const cubic = afterLossAt(4000);
    const kMs = 1e3 * Math.cbrt((4000 * 0.3) / 0.4);
    runFor(cubic, 0, kMs / 2);
    expect(segments(cubic)).to.be.within(3800, 3900);
    runFor(cubic, kMs / 2, kMs / 2 + 1);
    expect(segments(cubic)).to.be.closeTo(4000, 1);
    runFor(cubic, kMs, 5000);
    expect(segments(cubic)).to.be.closeTo(4000 + 0.4 * 5 ** 3, 1);
  });

  it("grows no slower than Reno would: half a segment per round trip", () => {
    const cubic = afterLossAt(10);
    runFor(cubic, 0, 400); // 20 round trips
    expect(segments(cubic)).to.be.above(7 + 20 * 0.5);
  });

  it("ends slow start without a cut when the way is full, once", () => {
    const cubic = openCubic();
    const before = cubic.windowBytes();
    cubic.full();
    expect(cubic.windowBytes()).to.equal(before);
    runFor(cubic, 0, 20);
    expect(cubic.windowBytes()).to.be.within(before, 1.2 * before);
  });
});

describe("fullAtMs()", () => {
  for (const [least, full] of [
    [8, 12], // at least 4 ms
    [80, 90],
    [800, 816], // at most 16 ms
  ] as const)
    it(`takes a way of ${least} ms for full at ${full} ms`, () =>
      expect(fullAtMs(least)).to.equal(full));
});
