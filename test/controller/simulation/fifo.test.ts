import { expect } from "chai";
import fc from "fast-check";
import { type Fifo, openFifo } from "../../../controller/simulation/queues.js";
import type { Stream } from "../../../controller/simulation/stream.js";

interface Ms {
  readonly inflow: readonly [number, number];
  readonly capacity: number;
}

const someMs = fc.array(
  fc.record({
    inflow: fc.tuple(fc.nat(3000), fc.nat(3000)),
    capacity: fc.nat(4000),
  }),
  { maxLength: 200 },
);

/** Runs a queue for two streams through these milliseconds. */
function run(
  all: readonly Ms[],
  limitBytes: number,
  seen: (fifo: Fifo, ms: Ms) => void = () => undefined,
): Fifo {
  const streams: [Stream, Stream] = [{ out: 0 }, { out: 0 }];
  const fifo = openFifo(streams, limitBytes);
  for (const ms of all) {
    [streams[0].out, streams[1].out] = ms.inflow;
    fifo.pass(ms.capacity);
    seen(fifo, ms);
  }
  return fifo;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const over = (fifo: Fifo, key: "out" | "lost" | "waiting") =>
  sum(fifo.slots.map((slot) => slot[key]));

describe("openFifo()", () => {
  it("lets through, keeps or loses every byte, and never more than fits", () =>
    fc.assert(
      fc.property(someMs, fc.nat(20_000), (all, limit) => {
        let [came, went] = [0, 0];
        run(all, limit, (fifo, ms) => {
          came += sum(ms.inflow);
          went += over(fifo, "out") + over(fifo, "lost");
          expect(over(fifo, "out")).to.be.at.most(ms.capacity + 1e-6);
          expect(over(fifo, "waiting")).to.be.at.most(limit + 1e-6);
          expect(came - went).to.be.closeTo(over(fifo, "waiting"), 1e-4);
        });
      }),
    ));

  it("makes a byte wait for the queue before it over the capacity", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50_000 }),
        fc.integer({ min: 1, max: 4000 }),
        (queued, capacity) => {
          const fifo = run([{ inflow: [queued, 0], capacity: 0 }], Infinity);
          const mark = fifo.mark();
          const idle: Ms = { inflow: [0, 0], capacity };
          expect(waitOf(fifo, mark, () => idle)).to.be.closeTo(
            queued / capacity,
            1e-6,
          );
        },
      ),
    ));

  it("makes it wait until the capacity's integral is the queue, whatever the capacity does", () => {
    // ms:        0     1     2     3     4
    // capacity:  1000  0     0     2000  2000    queue before the byte: 4000
    // integral:  1000  1000  1000  3000  5000    reached in the middle of ms 4
    const capacities = [1000, 0, 0, 2000, 2000];
    const fifo = run([{ inflow: [4000, 0], capacity: 0 }], Infinity);
    const wait = waitOf(fifo, fifo.mark(), (ms) => ({
      inflow: [500, 0],
      capacity: capacities[ms]!,
    }));
    expect(wait).to.equal(4.5);
  });

  it("keeps no probe in an empty queue, whatever sums of fractions went before", () =>
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { minLength: 20 }), (inflows) => {
        const all = inflows.map((sevenths): Ms => ({
          inflow: [sevenths / 7, sevenths / 21],
          capacity: 1500,
        }));
        const idle: Ms = { inflow: [0, 0], capacity: 1e9 };
        const fifo = run([...all, idle, { ...idle, capacity: 0 }], Infinity);
        expect(fifo.goneAt(fifo.mark())).to.equal(0);
      }),
    ));

  it("behaves the same on a line twice as fast with twice the traffic", () =>
    fc.assert(
      fc.property(someMs, fc.nat(20_000), (all, limit) => {
        const twice = all.map(({ inflow: [a, b], capacity }): Ms => ({
          inflow: [2 * a, 2 * b],
          capacity: 2 * capacity,
        }));
        const [slow, fast] = [run(all, limit), run(twice, 2 * limit)];
        expect(fast.waitMs()).to.equal(slow.waitMs());
        expect(fast.mark()).to.equal(2 * slow.mark());
      }),
    ));

  it("loses what does not fit from all in proportion", () => {
    const fifo = run([{ inflow: [3000, 1000], capacity: 1000 }], 1000);
    expect(fifo.slots.map(({ lost }) => lost)).to.deep.equal([1500, 500]);
    expect(fifo.lossRatio()).to.equal(0.5);
  });
});

/** How long the byte at `mark` stays, ms, with one stream more coming in behind it. */
function waitOf(fifo: Fifo, mark: number, then: (ms: number) => Ms): number {
  for (let ms = 0; ; ms++) {
    const { inflow, capacity } = then(ms);
    for (const [i, slot] of fifo.slots.entries()) slot.from.out = inflow[i]!;
    fifo.pass(capacity);
    const goneAt = fifo.goneAt(mark);
    if (goneAt !== null) return ms + goneAt;
  }
}
