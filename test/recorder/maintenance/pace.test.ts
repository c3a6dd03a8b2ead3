import { expect } from "chai";
import fc from "fast-check";
import { openPace } from "../../../recorder/maintenance/maintenance.js";

describe("openPace()", () => {
  it("shrinks at once when it overran, and stays within its limits (STOR-04)", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 10_000, noNaN: true })),
        (times) => {
          const pace = openPace(20, { min: 10, max: 10_000 });
          for (const ms of times) {
            const before = pace.size;
            pace.took(ms);
            expect(pace.size).to.be.within(10, 10_000);
            if (ms > 21 && before > 10) expect(pace.size).to.be.below(before);
          }
        },
      ),
    ));

  it("finds the size that fits the time, whatever one row costs", () => {
    for (const rowMs of [0.004, 0.05, 1]) {
      const pace = openPace(20, { min: 10, max: 10_000 });
      for (let i = 0; i < 20; i++) pace.took(pace.size * rowMs);
      expect(pace.size * rowMs).to.be.within(10, 25);
    }
  });
});
