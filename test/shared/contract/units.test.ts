import { expect } from "chai";
import fc from "fast-check";
import { compact } from "../../../cli/history/paint.js";
import { showDelta } from "../../../cli/terminal.js";
import { factsInWords } from "../../../shared/contract/event.js";
import { fixed, rttInWords, showMs } from "../../../shared/contract/units.js";

const SMALL = fc.double({ min: -3_000, max: 3_000, noNaN: true });

describe("numbers in words", () => {
  it("never have a sign where they round to nothing", () =>
    fc.assert(
      fc.property(
        fc.oneof(SMALL, fc.double({ min: -0.1, max: 0.1, noNaN: true })),
        (value) => {
          const texts = [0, 1, 2].map((digits) => fixed(value, digits));
          texts.push(showMs(value), showDelta(value), compact(value, 6));
          texts.push(factsInWords("x", { step_ms: value }, String));
          for (const text of texts)
            expect(text).to.not.match(/[-−]0(\.0+)?( |$)/);
        },
      ),
    ));

  it("add up as they are shown: RTT is baseline and delta", () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 3_000, noNaN: true }),
        SMALL,
        (a, b) => {
          const [, rtt, baseline, sign, delta] =
            /^(-?[\d.]+) ms = baseline ([\d.]+) ([+−]) ([\d.]+)$/.exec(
              rttInWords(a, b),
            ) ?? [];
          const signed = sign === "−" ? -Number(delta) : Number(delta);
          expect(Number(rtt)).to.be.closeTo(Number(baseline) + signed, 1e-9);
          expect(Number(baseline)).to.be.closeTo(a, 0.051);
        },
      ),
    ));
});
