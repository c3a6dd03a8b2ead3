import { expect } from "chai";
import { createSources } from "../../../recorder/ingest/sources.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { cycles } from "../../fakes/frames.js";

const at = (ms: number) => ms as MonoMs;
const frame = (boot: string, seq = 1) =>
  cycles([seq], { boot: boot.repeat(16) })[0]!;

describe("Sources", () => {
  it("tells a first frame from the next", () => {
    const sources = createSources();
    expect(sources.hear(frame("a"), at(0))).to.equal(true);
    expect(sources.hear(frame("a", 2), at(50))).to.equal(false);
    expect(sources.live()).to.have.length(1);
  });

  it("forgets who is silent for a minute, and hears it again", () => {
    const sources = createSources();
    sources.hear(frame("a"), at(0));
    expect(sources.sweep(at(59_999))).to.be.empty;
    expect(sources.sweep(at(60_000))).to.have.length(1);
    expect(sources.hear(frame("a", 2), at(70_000))).to.equal(true);
  });

  it("knows the newest stored frame, not merely the newest heard", () => {
    const sources = createSources();
    sources.hear(frame("a"), at(0));
    expect(sources.live()[0]).to.include({ lastSeq: 0, lastAtMs: null });
    sources.stored([frame("a", 7), frame("a", 3)]);
    expect(sources.live()[0]).to.include({ lastSeq: 7 });
  });

  // a: 0 ..... 5000                 b: 5050 ..... : a restart
  it("takes a run that follows another for a restart", () => {
    const sources = createSources();
    sources.hear(frame("a"), at(0));
    sources.hear(frame("a", 2), at(5_000));
    sources.hear(frame("b"), at(4_990)); // the two may mingle a little
    sources.hear(frame("b", 2), at(6_000));
    expect(sources.doubled(at(6_000))).to.be.empty;
  });

  // a: 0 ................... 9000   b: 5000 ..... 9000 : two at once
  it("names two that talk at once, until one is silent for 10 s", () => {
    const sources = createSources();
    sources.hear(frame("a"), at(0));
    sources.hear(frame("b"), at(5_000));
    sources.hear(frame("a", 2), at(9_000));
    sources.hear(frame("b", 2), at(9_000));
    expect(sources.doubled(at(9_000))).to.deep.equal(["spectrum"]);
    sources.hear(frame("b", 3), at(19_000));
    expect(sources.doubled(at(19_000))).to.be.empty;
  });
});
