import { expect } from "chai";
import fc from "fast-check";
import {
  boundsOf,
  fixedSpan,
  LENGTH_MAX_MS,
  LENGTH_MIN_MS,
  lengthOf,
  panned,
  zoomed,
} from "../../../page/data/span.js";

const NOW_MS = 1_749_988_800_000;
const anySpan = fc
  .tuple(
    fc.integer({ min: NOW_MS - LENGTH_MAX_MS, max: NOW_MS }),
    fc.integer({ min: -1e6, max: 1e9 }),
  )
  .map(([fromMs, lengthMs]) =>
    fixedSpan({ fromMs, toMs: fromMs + lengthMs }, NOW_MS),
  );
const last = fc
  .integer({ min: LENGTH_MIN_MS, max: LENGTH_MAX_MS })
  .map((lengthMs) => ({ kind: "last" as const, lengthMs }));
const span = fc.oneof(anySpan, last);

describe("What is chosen of time", () => {
  it("can be shown: whole ms, neither too short nor too long, nothing of the future", () =>
    fc.assert(
      fc.property(
        span,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (before, factor, part) => {
          for (const after of [
            before,
            zoomed(before, factor, NOW_MS),
            panned(before, part, NOW_MS),
          ]) {
            const bounds = boundsOf(after, NOW_MS);
            expect(Number.isInteger(bounds.fromMs)).to.equal(true);
            expect(lengthOf(bounds)).to.be.within(LENGTH_MIN_MS, LENGTH_MAX_MS);
            expect(bounds.toMs).to.be.at.most(NOW_MS);
          }
        },
      ),
    ));

  it("keeps its middle when it is zoomed away from now", () => {
    const before = fixedSpan(
      { fromMs: NOW_MS - 9_000_000, toMs: NOW_MS - 8_000_000 },
      NOW_MS,
    );
    expect(zoomed(before, 0.5, NOW_MS)).to.deep.equal({
      kind: "fixed",
      fromMs: NOW_MS - 8_750_000,
      toMs: NOW_MS - 8_250_000,
    });
  });

  it("goes on with the clock again when it is moved to its end", () => {
    const before = fixedSpan(
      { fromMs: NOW_MS - 2_000, toMs: NOW_MS - 400 },
      NOW_MS,
    );
    expect(panned(before, 0.5, NOW_MS)).to.deep.equal({
      kind: "last",
      lengthMs: 1_600,
    });
  });

  it("keeps its length when it is moved", () =>
    fc.assert(
      fc.property(span, fc.constantFrom(-0.5, 0.5, -2), (before, part) => {
        const after = panned(before, part, NOW_MS);
        expect(lengthOf(boundsOf(after, NOW_MS))).to.equal(
          lengthOf(boundsOf(before, NOW_MS)),
        );
      }),
    ));
});
