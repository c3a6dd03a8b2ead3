import { expect } from "chai";
import fc from "fast-check";
import { createRing } from "../../../shared/bus/ring.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const at = (ms: number) => ms as MonoMs;
const MINUTE_MS = 60_000;
const MEGABYTE = 2 ** 20;

/** Bytes that tell one frame from another. */
const frame = (seq: number, length: number) =>
  Buffer.alloc(length, `frame ${seq} `);

describe("Ring", () => {
  it("holds nothing at first", () => {
    const ring = createRing({ minutes: 1, megabytes: 1 });
    expect(ring.held()).to.equal(null);
    expect(ring.slice(1, 100)).to.be.empty;
  });

  it("gives back what was pushed, as copies", () => {
    const ring = createRing({ minutes: 1, megabytes: 1 });
    for (let seq = 1; seq <= 5; seq++) ring.push(seq, at(0), frame(seq, 20));
    const [second] = ring.slice(2, 2);
    for (let seq = 6; seq < 5000; seq++) ring.push(seq, at(0), frame(seq, 400));
    expect(second).to.deep.equal(frame(2, 20));
    expect(ring.slice(4998, 9999)).to.deep.equal([
      frame(4998, 400),
      frame(4999, 400),
    ]);
  });

  // pushed:  0 ........... 60 000 | 60 001
  // held:    0 ........... 60 000 | the first is too old
  it("lets go by age", () => {
    const ring = createRing({ minutes: 1, megabytes: 1 });
    ring.push(1, at(0), frame(1, 20));
    ring.push(2, at(MINUTE_MS), frame(2, 20));
    expect(ring.held()).to.deep.equal({ first: 1, last: 2 });
    ring.push(3, at(MINUTE_MS + 1), frame(3, 20));
    expect(ring.held()).to.deep.equal({ first: 2, last: 3 });
    expect(ring.counts).to.deep.equal({ aged: 1, crowded: 0 });
  });

  it("lets go to make room, the oldest first", () => {
    const ring = createRing({ minutes: 1, megabytes: 1 });
    for (let seq = 1; seq <= 5; seq++)
      ring.push(seq, at(0), frame(seq, MEGABYTE / 4));
    expect(ring.held()).to.deep.equal({ first: 2, last: 5 });
    expect(ring.counts).to.deep.equal({ aged: 0, crowded: 1 });
  });

  it("has a bounded index too: tiny frames crowd each other out", () => {
    const ring = createRing({ minutes: 1, megabytes: 1 });
    for (let seq = 1; seq <= 10_000; seq++)
      ring.push(seq, at(0), frame(seq, 1));
    expect(ring.held()).to.deep.equal({ first: 10_000 - 8191, last: 10_000 });
  });

  it("starts afresh after a number that does not follow, and after a frame that is too long", () => {
    const ring = createRing({ minutes: 1, megabytes: 1 });
    ring.push(1, at(0), frame(1, 20));
    ring.push(7, at(0), frame(7, 20));
    expect(ring.held()).to.deep.equal({ first: 7, last: 7 });
    ring.push(8, at(0), Buffer.alloc(MEGABYTE + 1));
    expect(ring.held()).to.equal(null);
    ring.push(9, at(0), frame(9, 20));
    expect(ring.held()).to.deep.equal({ first: 9, last: 9 });
  });

  it("holds the newest frames unharmed, all that fit, whatever their lengths and times (INTG-04)", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            length: fc.integer({ min: 1, max: 300_000 }),
            waitMs: fc.oneof(fc.nat(50), fc.nat(40_000)),
          }),
          { minLength: 1, maxLength: 60 },
        ),
        (pushes) => {
          const ring = createRing({ minutes: 1, megabytes: 1 });
          let now = 0;
          const ages = pushes.map(({ waitMs }) => (now += waitMs));
          for (const [i, { length }] of pushes.entries())
            ring.push(i + 1, at(ages[i]!), frame(i + 1, length));
          const { first, last } = ring.held()!;
          expect(last).to.equal(pushes.length);
          expect(ring.slice(1, last)).to.deep.equal(
            pushes
              .map(({ length }, i) => frame(i + 1, length))
              .slice(first - 1),
          );
          expect(now - ages[first - 1]!).to.be.at.most(MINUTE_MS);
          const { aged, crowded } = ring.counts;
          expect(aged + crowded).to.equal(first - 1);
          // what left for want of room would not have fitted, but for an end that stays unused
          const kept = pushes.slice(first - 1).map(({ length }) => length);
          const bytes = kept.reduce((sum, length) => sum + length, 0);
          if (crowded > 0 && aged === 0)
            expect(bytes + 2 * 300_000).to.be.above(MEGABYTE);
        },
      ),
      { numRuns: 200 },
    ));
});
