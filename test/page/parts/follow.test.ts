import { expect } from "chai";
import fc from "fast-check";
import { followed, shareOf } from "../../../page/data/follow.js";
import {
  resolutionOf,
  findSeries,
  type WanData,
} from "../../../page/data/wan-data.js";
import { DIRECTIONS } from "../../../shared/contract/direction.js";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import type { SeriesValues } from "../../../shared/contract/history.js";
import { cycle, stamped } from "../../fakes/frames.js";

describe("shareOf()", () => {
  it("is the part of a step that a state was held, never none of it, and all where that is not known", () => {
    expect(shareOf(3, [3_599_950, 0, 0, 50])).to.equal(0.1);
    expect(shareOf(0, [300, 100, 0, 0])).to.equal(0.8);
    expect(shareOf(2, [0, 0, 400, 0])).to.equal(1);
    expect(shareOf(2, undefined)).to.equal(1);
    expect(shareOf(2, [0, 0, 0, 0])).to.equal(1);
    fc.assert(
      fc.property(
        fc.array(fc.nat(1e6), { minLength: 4, maxLength: 4 }),
        fc.nat(3),
        (heldMs, code) => {
          fc.pre((heldMs[code] ?? 0) > 0);
          const all = heldMs.reduce((sum, ms) => sum + ms, 0);
          const share = (heldMs[code] ?? 0) / all;
          expect(shareOf(code, heldMs)).to.be.within(share - 1e-9, 1);
          expect(shareOf(code, heldMs)).to.be.below(share + 0.1);
        },
      ),
    );
  });
});

/** What the history has: some states of a second each, RED for a fifth of it; or nothing at all. */
function history(steps: number, tells: boolean): readonly SeriesValues[] {
  const list = <T>(value: T) => Array.from({ length: steps }, () => value);
  return steps === 0
    ? []
    : DIRECTIONS.map((direction) => ({
        ...{ wan: "spectrum", metric: "wanctl_state", labels: { direction } },
        ...{ unit: "code", at: list(0).map((_, i) => 1_000 * i) },
        ...{ min: list(0), avg: list(0), max: list(3), count: list(20) },
        ...(tells ? { stateMs: list([800, 0, 0, 200]) } : {}),
      }));
}

describe("followed()", () => {
  it("keeps all lists of a series in step, and draws what is fresh at full strength", () =>
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.boolean(),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }),
        fc.nat(30_000),
        (steps, tells, codes, fromMs) => {
          const frames = codes.map(
            (code, i) =>
              stamped(
                cycle({ stateDownload: code, stateUpload: code }),
                i + 1,
                { at: 20_000 + 50 * i },
              ) as CycleFrame,
          );
          const data: WanData = {
            wan: "spectrum",
            bounds: { fromMs: 0, toMs: 20_000 },
            resolution: resolutionOf(null, []),
            series: history(steps, tells),
            ...{ shades: [], limits: {} },
          };
          const bounds = { fromMs, toMs: 60_000 };
          const after = followed(data, frames, bounds);
          for (const series of after.series) {
            const { at, min, avg, max, count, stateMs } = series;
            for (const list of [min, avg, max, count])
              expect(list).to.have.length(at.length);
            if (series.metric === "wanctl_state")
              expect(stateMs).to.have.length(at.length);
          }
          for (const direction of DIRECTIONS) {
            const { at, max, stateMs } = findSeries(
              after,
              "wanctl_state",
              direction,
            );
            at.forEach((time, i) => {
              const share = shareOf(max[i] ?? 0, stateMs?.[i]);
              if (time >= 20_000) expect(share).to.equal(1);
              else if (tells) expect(share).to.equal(0.2);
            });
          }
        },
      ),
    ));
});
