import { expect } from "chai";
import { causeCode, causeInWords } from "../../shared/contract/cause.js";
import type { CycleFrame } from "../../shared/contract/frame.js";
import { simulatedFrames } from "../fakes/simulated-frames.js";

const BEATS = 1_000;

describe("a cycle frame", () => {
  it("says of a cut, and of nothing else, which samples made it and what the line carried", async () => {
    const frames = await simulatedFrames("spectrum", BEATS);
    const cycles = frames.filter((frame) => frame.kind === "cycle");
    const cuts = cycles.filter(isCut);
    expect(cuts).to.not.be.empty;
    for (const cut of cuts)
      expect(causeInWords(cut, "download")).to.match(
        /^cut: delta \d+ ms, [23] of [23] samples, load \d+ %, line carried [\d.]+ Mbit\/s$/,
      );
    for (const cycle of cycles)
      if (!isCut(cycle))
        expect([
          cycle.badDownload,
          cycle.samplesDownload,
          cycle.carriedDownloadKbps,
        ]).to.deep.equal([null, null, null]);
  });
});

const isCut = ({ causeDownload }: CycleFrame): boolean =>
  causeDownload === causeCode("cut");
