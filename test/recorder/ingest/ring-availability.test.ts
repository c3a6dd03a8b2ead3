import { expect } from "chai";
import { createRingAvailability } from "../../../recorder/ingest/ring-availability.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { BOOT } from "../../fakes/frames.js";

const at = (ms: number) => ms as MonoMs;
const run = (first: number, last: number) => ({
  name: "att",
  boot: BOOT,
  first,
  last,
});

describe("ring availability", () => {
  it("know what a source held the time before, for that is what the bus has brought or lost", () => {
    const ringAvailability = createRingAvailability(at(0));
    expect(ringAvailability.offer(run(1, 20), at(0))).to.equal(0);
    expect(ringAvailability.offer(run(3, 40), at(1_000))).to.equal(20);
    expect(ringAvailability.at(at(1_000)).firstHeld("att", BOOT)).to.equal(3);
  });

  // start ......... 60 s
  it("give everybody 60 s from the start to say it again (INTG-04)", () => {
    const ringAvailability = createRingAvailability(at(1_000));
    const presence = (ms: number) =>
      ringAvailability.at(at(ms)).presence("att", BOOT);
    expect(presence(60_999)).to.equal("offered");
    expect(presence(61_000)).to.equal("gone");
  });

  it("tell which run is offered, which only sends, and which is gone", () => {
    const ringAvailability = createRingAvailability(at(0));
    const presence = (ms: number) =>
      ringAvailability.at(at(ms)).presence("att", BOOT);
    ringAvailability.offer(run(1, 1), at(100_000));
    ringAvailability.hear("att", BOOT, at(150_000));
    expect(presence(159_999)).to.equal("offered");
    expect(presence(160_000)).to.equal("heard");
    expect(presence(210_000)).to.equal("gone");
  });

  it("give a run that is first heard a minute to say what it holds", () => {
    const ringAvailability = createRingAvailability(at(0));
    ringAvailability.hear("att", BOOT, at(500_000));
    expect(ringAvailability.at(at(559_999)).presence("att", BOOT)).to.equal(
      "offered",
    );
  });

  it("remember what this program is too old for", () => {
    const ringAvailability = createRingAvailability(at(0));
    const frame = (seq: number) => ({ source: "att", boot: BOOT, seq });
    ringAvailability.unreadable(frame(4));
    ringAvailability.unreadable(frame(7));
    expect(
      [3, 4, 5, 7, 8].map(
        (seq) => ringAvailability.unreadableTo(frame(seq)) !== null,
      ),
    ).to.deep.equal([false, true, true, true, false]);
  });

  it("are bounded: of too many runs the one longest unchanged is forgotten, and counted", () => {
    const ringAvailability = createRingAvailability(at(0));
    for (let i = 0; i < 512; i++)
      ringAvailability.hear("att", `${i}`, at(100_000 + i));
    ringAvailability.hear("att", "0", at(100_512));
    for (let i = 512; i < 517; i++)
      ringAvailability.hear("att", `${i}`, at(100_001 + i));
    expect(ringAvailability.counts.forgotten).to.equal(5);
    const presences = ringAvailability.at(at(100_600));
    expect(
      ["0", "5", "6"].map((boot) => presences.presence("att", boot)),
    ).to.deep.equal(["offered", "gone", "offered"]);
  });
});
