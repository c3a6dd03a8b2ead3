import { expect } from "chai";
import fc from "fast-check";
import { followed } from "../../../page/follow.js";
import { paceOf } from "../../../page/pace.js";
import { shareOf } from "../../../page/series.js";
import { seriesOf, type WanData } from "../../../page/wan-data.js";
import { DIRECTIONS } from "../../../shared/contract/direction.js";
import type { CycleFrame } from "../../../shared/contract/frame.js";
import type { SeriesValues } from "../../../shared/contract/history.js";
import { cycle, stamped } from "../../fakes/frames.js";

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
            pace: paceOf(null, []),
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
            const { at, max, stateMs } = seriesOf(
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
