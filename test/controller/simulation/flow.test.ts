import { expect } from "chai";
import fc from "fast-check";
import { openFlow, SEGMENT_BYTES } from "../../../controller/simulation/tcp.js";

/** What a flow sends each ms through a way of 20 ms that lets out `perMs` and loses nothing. */
function sent(ms: number, perMs: number, isOn: (t: number) => boolean) {
  const flow = openFlow(isOn);
  let queue = 0;
  return Array.from({ length: ms }, (_, t) => {
    flow.send(t);
    queue += flow.out;
    const out = Math.min(queue, perMs);
    queue -= out;
    if (out > 0) flow.delivered(out, 20, 20 + queue / perMs);
    return flow.out;
  });
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("openFlow()", () => {
  it("begins with ten segments and doubles each round trip", () => {
    const all = sent(60, 1e9, () => true);
    const trips = [0, 20, 40].map((t) => sum(all.slice(t, t + 20)));
    expect(trips.map((bytes) => bytes / SEGMENT_BYTES)).to.deep.equal([
      10, 20, 40,
    ]);
  });

  it("sends what comes out at the other end, once the way is full", () => {
    const all = sent(4000, 1000, () => true);
    expect(sum(all.slice(1000)) / 3000).to.be.within(1000, 1030);
  });

  it("sends nothing while it is off, and begins anew afterwards", () => {
    const all = sent(4000, 1000, (t) => t < 1000 || t >= 2000);
    expect(sum(all.slice(1000, 2000))).to.equal(0);
    expect(all[2000]).to.equal(10 * SEGMENT_BYTES);
  });

  it("begins anew only when nothing of the last connection is under way", () => {
    // off from 1000 to 1005: what was sent until then comes back by 1020 and later
    const all = sent(2000, 1000, (t) => t < 1000 || t >= 1005);
    const next = all.findIndex((bytes, t) => t >= 1000 && bytes > 0);
    expect(next).to.be.above(1020);
    expect(all[next]).to.equal(10 * SEGMENT_BYTES);
  });

  it("cuts once for all that is lost in one round trip", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), (losses) => {
        const flow = openFlow(() => true);
        flow.send(0);
        const first = flow.out;
        for (let i = 1; i <= losses; i++) flow.dropped(SEGMENT_BYTES, i);
        const arrived = first - losses * SEGMENT_BYTES;
        if (arrived > 0) flow.delivered(arrived, 20, 20);
        let again = 0;
        for (let t = 1; t <= 20; t++) {
          flow.send(t);
          again += flow.out;
        }
        expect(again / first).to.be.within(0.7, 0.8);
      }),
    ));
});
