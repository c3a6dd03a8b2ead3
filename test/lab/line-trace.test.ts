import { expect } from "chai";
import fc from "fast-check";
import {
  type LineTrace,
  traceRates,
  readLineTrace,
  traceScenarios,
} from "../../lab/line-trace.js";
import { perform } from "../../lab/tasks.js";

const PACKET_BITS = 8 * 1504;
const STEP_MS = 500;

/** Packets in each half second; the first has some. */
const counts = fc
  .array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 40 })
  .map(([first = 0, ...more]) => [first + 1, ...more]);

/** A trace of Mahimahi's with so many packets in each half second, evenly; and one that shows its end. */
const mahimahi = (packets: readonly number[]): string =>
  [
    ...packets.flatMap((count, step) =>
      Array.from(
        { length: count },
        (_, i) => step * STEP_MS + Math.floor((i * STEP_MS) / count),
      ),
    ),
    packets.length * STEP_MS,
  ].join("\n");

const inSteps = ({ steps, seconds }: LineTrace): string => {
  const last = steps.at(-1)?.bps ?? 0;
  return [
    ...steps.map(({ fromMs, bps }) => `${fromMs / 1e3}:${bps / 1e3}`),
    // the last one lasts as long as the one before
    ...(steps.length === 1 ? [`${seconds / 2}:${last / 1e3}`] : []),
  ].join(",");
};

describe("readLineTrace()", () => {
  it("gives back the packets of each half second that a trace was made of", () =>
    fc.assert(
      fc.property(counts, fc.constantFrom("\n", "\r\n"), (packets, end) => {
        const text = mahimahi(packets).replaceAll("\n", end);
        const { steps, seconds } = readLineTrace("t", text);
        expect(seconds).to.equal((packets.length * STEP_MS) / 1e3);
        expect(
          steps.map(({ bps }) =>
            Math.round((bps * STEP_MS) / 1e3 / PACKET_BITS),
          ),
        ).to.deep.equal(packets);
      }),
    ));

  it("gives the same line for the same capacities by the second", () =>
    fc.assert(
      fc.property(counts, (packets) => {
        const trace = readLineTrace("t", mahimahi(packets));
        const again = readLineTrace("t", inSteps(trace));
        expect(again.seconds).to.equal(trace.seconds);
        expect(traceRates(again).mean).to.be.closeTo(
          traceRates(trace).mean,
          1e-6,
        );
        expect(traceRates(again).most).to.be.closeTo(
          traceRates(trace).most,
          1e-6,
        );
      }),
    ));

  it("begins where something is carried", () =>
    fc.assert(
      fc.property(counts, fc.nat({ max: 20 }), (packets, empty) => {
        const later = [...Array<number>(empty).fill(0), ...packets];
        expect(readLineTrace("t", mahimahi(later))).to.deep.equal(
          readLineTrace("t", mahimahi(packets)),
        );
      }),
    ));

  for (const [text, words] of [
    ["", /carries nothing/],
    ["0:0,10:0", /carries nothing/],
    ["5\n7\nx", /line 3 must have a number, is 'x'/],
    ["5\n-7", /line 2 must have a number/],
    ["900\n800", /place 2 goes back in time/],
    ["0:100,9:100,5:100", /place 3 goes back in time/],
    ["3:100,9:100", /step 1 must begin at second 0/],
    ["0:100,7", /step 2 must be SECOND:KBIT\/S, is '7'/],
    ["0:100,99999:100", /at most 3600 s/],
    ["1\n9007199254740990", /at most 3600 s/],
    [`1\n${"9".repeat(30)}`, /line 2 must have a number/],
  ] as const)
    it(`refuses '${text.replaceAll("\n", " ").slice(0, 20)}' and says why`, () =>
      expect(() => readLineTrace("t", text)).to.throw(words));
});

describe("traceScenarios()", () => {
  const trace = readLineTrace("tiny", "0:4000,3:9000,6:2000,9:5000");

  it("have the mean capacity of their title, and the length of their trace", () => {
    const [scenario] = traceScenarios([trace]);
    expect(scenario?.title).to.equal("trace tiny, mean 5.00 Mbit/s");
    expect(scenario?.seconds).to.equal(12);
    expect(scenario?.limits.download.ceilingBps).to.be.above(9e6);
  });

  it("are played like others, with the same capacity for each seed", () => {
    const scenarios = traceScenarios([trace, trace]);
    const [one, other] = [1, 2].map((seed) =>
      perform(
        { scenario: "T2", policy: "oracle", seed, isTraced: true },
        scenarios,
      ),
    );
    expect(one!.score.use.download).to.be.above(0.8);
    expect(one!.trace!.directions[0]!.capacity).to.deep.equal(
      other!.trace!.directions[0]!.capacity,
    );
  });
});
