import { expect } from "chai";
import { between, deltaMs, play, use } from "./loop.js";
import type { Reading } from "../../../controller/law/reading.js";

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
  for (const ms of [5, 10, 20, 60])
    it(`learns a path that is ${ms} ms longer for good, within a minute, under load`, () => {
      const beats = play({
        download: [[0, 20]],
        upload: [[0, 10]],
        flows: { download: 4, upload: 0 },
        seconds: 90,
        seen: detour(15, ms),
      });
      const healed = between(beats, 60, 90);
      expect(use(healed).download).to.be.above(0.9);
      expect(deltaMs(healed, 0.5)).to.be.below(6);
      expect(use(between(beats, 15, 60)).download).to.be.above(0.65);
    }).timeout(20_000);

  it("takes no queue for the path where the line carries less than the floor", () => {
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
  }).timeout(20_000);
});
