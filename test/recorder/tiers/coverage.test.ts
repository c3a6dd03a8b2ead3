import { expect } from "chai";
import fc from "fast-check";
import {
  coverageOf,
  mergeCoverage,
  stateHeldLongest,
} from "../../../recorder/tiers/rollup.js";
import type { Row } from "../../../shared/contract/row.js";
import { cycle } from "../../fakes/frames.js";
import { anyRow } from "../../fakes/rows.js";

const row = (values: Partial<Row>) => cycle(values) as unknown as Row;

describe("coverageOf()", () => {
  it("counts cycles, dropped beats and readings, and the time in each state", () =>
    expect(
      coverageOf([
        row({ stateDownload: 0 }),
        row({ stateDownload: 3, missed: 2, reading: 2 }),
        row({ stateDownload: 3, stateUpload: 1, reading: 2 }),
      ]),
    ).to.deep.equal({
      cycles: 3,
      missed: 2,
      readings: [1, 0, 2, 0, 0],
      heldMs: { download: [50, 0, 0, 200], upload: [200, 50, 0, 0] },
    }));

  it("lets one cycle speak for a second at most", () =>
    expect(coverageOf([row({ missed: 72_000 })]).heldMs.upload).to.deep.equal([
      1_000, 0, 0, 0,
    ]));

  it("adds up to that of all cycles at once (STOR-03)", () =>
    fc.assert(
      fc.property(fc.array(anyRow()), fc.array(anyRow()), (a, b) => {
        expect(mergeCoverage(coverageOf(a), coverageOf(b))).to.deep.equal(
          coverageOf([...b, ...a]),
        );
      }),
    ));
});

describe("stateHeldLongest()", () => {
  for (const [heldMs, state] of [
    [[50, 100, 0, 0], 1],
    [[100, 50, 0, 100], 3], // a tie goes to the worse
    [[0, 0, 0, 0], null],
  ] as const)
    it(`of ${heldMs.join(", ")} ms is ${state}`, () =>
      expect(stateHeldLongest(heldMs)).to.equal(state));
});
