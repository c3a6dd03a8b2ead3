import { expect } from "chai";
import { estimate, rememberedPath } from "../../../controller/law/estimator.js";
import type { Reading, Reply } from "../../../controller/law/inputs.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { between, deltaMs, play, use } from "./loop.js";

/** Every answer from `atS` on comes this much later: another route. */
const detour =
  (fromS: number, ms: number) =>
  (reading: Reading, atS: number): Reading =>
    atS < fromS
      ? reading
      : {
          ...reading,
          replies: reading.replies.map((reply) => ({
            ...reply,
            rttMs: reply.rttMs + ms,
            sentAt: (reply.sentAt - ms) as typeof reply.sentAt,
          })),
        };

describe("the baseline", () => {
  for (const [ms, meanwhile] of [
    [5, 0.65],
    [10, 0.65],
    [20, 0.65],
    [60, 0.65],
    [200, 0.1],
  ] as const)
    it(`learns a path that is ${ms} ms longer for good, within a minute, under load`, () => {
      const beats = play({
        download: [[0, 20]],
        upload: [[0, 10]],
        flows: { download: 4, upload: 0 },
        seconds: 105,
        seen: detour(15, ms),
      });
      const healed = between(beats, 75, 105);
      expect(use(healed).download).to.be.above(0.9);
      expect(deltaMs(healed, 0.5)).to.be.below(6);
      expect(use(between(beats, 15, 60)).download).to.be.above(meanwhile);
    });

  it("learns it although some reflectors, last probed on the old path, are no longer probed (CTRL-04)", () => {
    const longer = detour(15, 200);
    const beats = play({
      download: [[0, 20]],
      upload: [[0, 10]],
      flows: { download: 4, upload: 0 },
      seconds: 105,
      seen(reading, atS) {
        const later = longer(reading, atS);
        const replies = later.replies.filter(({ reflector }) => reflector > 1);
        return atS < 12 ? later : { ...later, replies };
      },
    });
    expect(use(between(beats, 75, 105)).download).to.be.above(0.9);
  });

  it("does not take a queue that nothing empties for the path, as while the router is away (CTRL-04)", () => {
    const reply = (at: number, rttMs: number): Reply => ({
      reflector: 0,
      sentAt: (at - rttMs) as MonoMs,
      receivedAt: at as MonoMs,
      rttMs,
      oneWayMs: null,
    });
    let path = rememberedPath(1, [20], 0 as MonoMs);
    for (let at = 1_000; at <= 35_000; at += 300)
      path = estimate(path, [reply(at, 520)], false).after;
    expect(path.baselines[0]?.ms).to.be.below(60);
    for (let at = 35_000; at <= 130_000; at += 300)
      path = estimate(path, [reply(at, 520)], false).after;
    expect(path.baselines[0]?.ms).to.equal(520);
  });

  it("does not take a queue for the path where the capacity is below the floor", () => {
    const beats = play({
      download: [
        [0, 20],
        [10, 1.5],
        [40, 20],
      ],
      upload: [[0, 10]],
      bufferMs: 100,
      flows: { download: 4, upload: 0 },
      seconds: 60,
    });
    const rates = between(beats, 20, 40).map(
      ({ state }) => state.rate.download.bps,
    );
    expect(Math.max(...rates)).to.equal(2.5e6);
    expect(deltaMs(between(beats, 50, 60), 0.95)).to.be.below(25);
  });
});
