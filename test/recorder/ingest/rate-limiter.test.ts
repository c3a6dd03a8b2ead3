import { expect } from "chai";
import fc from "fast-check";
import { createRateLimiter } from "../../../recorder/ingest/frame-receiver.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const at = (ms: number) => ms as MonoMs;

describe("rate limiter", () => {
  const visits = fc.array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 400 }),
      count: fc.integer({ min: 1, max: 1_500 }),
      bytes: fc.integer({ min: 1, max: 65_536 }),
    }),
    { maxLength: 12 },
  );

  it("lets no source have more than two seconds' worth in any second, and never holds back a calm one", () =>
    fc.assert(
      fc.property(visits, (bursts) => {
        const rateLimiter = createRateLimiter();
        const taken: { ms: number; bytes: number }[] = [];
        let ms = 0;
        for (const { gapMs, count, bytes } of bursts) {
          ms += gapMs;
          for (let i = 0; i < count; i++)
            if (rateLimiter.admits("spectrum", bytes, at(ms)))
              taken.push({ ms, bytes });
          expect(rateLimiter.admits("att", 500, at(ms))).to.equal(true);
        }
        for (const { ms: from } of taken) {
          const second = taken.filter((t) => t.ms >= from && t.ms < from + 1e3);
          const sum = second.reduce((total, { bytes }) => total + bytes, 0);
          expect(second.length).to.be.at.most(2_000);
          expect(sum).to.be.at.most(2 * 2 ** 21);
        }
      }),
      { numRuns: 40 },
    ));

  it("says who floods, until ten seconds after it stopped", () => {
    const rateLimiter = createRateLimiter();
    for (let i = 0; i < 1_003; i++) rateLimiter.admits("att", 100, at(0));
    rateLimiter.admits("spectrum", 100, at(0));
    expect(rateLimiter.held).to.equal(3);
    expect(rateLimiter.flooding(at(9_999))).to.deep.equal(["att"]);
    expect(rateLimiter.flooding(at(10_000))).to.be.empty;
    expect(rateLimiter.admits("att", 100, at(1_000))).to.equal(true);
  });

  it("remembers no more than so many names", () => {
    const rateLimiter = createRateLimiter();
    for (let i = 0; i < 1_001; i++) rateLimiter.admits("att", 100, at(0));
    for (let i = 0; i < 64; i++) rateLimiter.admits(`wan-${i}`, 1, at(1));
    expect(rateLimiter.flooding(at(1))).to.be.empty;
  });
});
