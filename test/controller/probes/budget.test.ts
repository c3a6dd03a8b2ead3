import { expect } from "chai";
import fc from "fast-check";
import {
  bpsOf,
  fpingBytes,
  HANDSHAKE_BITS,
  openBudget,
  withinBudget,
} from "../../../controller/probes/budget.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";

const ms = (value: number) => value as MonoMs;

describe("openBudget()", () => {
  it("CTRL-04: over any time, handshakes take no more than what it brings and a second's worth", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 30_000 }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 }),
        (bps, pauses) => {
          const budget = openBudget(bps, ms(0));
          let now = 0;
          let granted = 0;
          for (const pause of pauses) {
            now += pause;
            if (budget.grantHandshake(ms(now))) granted++;
          }
          const mostBits = (bps * now) / 1e3 + Math.max(bps, HANDSHAKE_BITS);
          expect(granted * HANDSHAKE_BITS).to.be.at.most(mostBits + 1e-6);
        },
      ),
    );
  });

  it("CTRL-04: pings come first", () => {
    const budget = openBudget(7_000, ms(0));
    for (let now = 0; now < 10_000; now += 50) budget.spendPing(ms(now));
    let granted = 0;
    for (let now = 10_000; now < 20_000; now += 50) {
      budget.spendPing(ms(now));
      if (budget.grantHandshake(ms(now))) granted++;
    }
    // what the bucket held, and 600 bit/s
    expect(granted).to.be.within(7, 8);
  });

  it("CTRL-04: fping asks less often where its packets are too many", () => {
    const probe = { reflectors: ["10.0.0.1"], spacingMs: 50 };
    expect(withinBudget(probe, 20_000).spacingMs).to.equal(50);
    const { spacingMs } = withinBudget(probe, 5_000);
    expect(bpsOf(fpingBytes(probe.reflectors), spacingMs)).to.be.within(
      4_900,
      5_000,
    );
  });
});
