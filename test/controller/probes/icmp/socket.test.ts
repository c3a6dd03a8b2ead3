import { expect } from "chai";
import fc from "fast-check";
import { arrival } from "../../../../controller/probes/icmp/socket.js";
import { later, type MonoMs } from "../../../../shared/runtime/clock.js";

const ms = (value: number) => value as MonoMs;

describe("arrival()", () => {
  const span = () => fc.double({ min: 0, max: 60_000, noNaN: true });

  it("CTRL-04: is the stamp's instant, and of a wall clock that was set meanwhile never a shorter RTT", () => {
    fc.assert(
      fc.property(
        span(),
        span(),
        fc.constantFrom(0, -3_600_000, 3_600_000),
        (restMs, ageMs, stepMs) => {
          const emptyAt = ms(1e7);
          const cameAt = later(emptyAt, restMs);
          const now = later(cameAt, ageMs);
          const at = arrival(later(cameAt, stepMs), emptyAt, now);
          expect(at).to.equal(stepMs === 0 ? cameAt : now);
        },
      ),
    );
  });
});
