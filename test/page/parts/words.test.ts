import { showPercent } from "../../../shared/contract/units.js";
import { expect } from "chai";
import { limitsIn } from "../../../page/data/wan-data.js";
import { lineSummary } from "../../../page/text/summaries.js";
import {
  eventInWords,
  lasting,
  mbps,
  ms,
  tickLabels,
} from "../../../page/text/words.js";
import { transition } from "../../fakes/frames.js";

describe("Words of the page", () => {
  for (const [said, words] of [
    [ms(5.34), "5.3 ms"],
    [ms(402.4), "402.4 ms"],
    [mbps(5.556), "5.56"],
    [mbps(240), "240"],
    [showPercent(1), "100 %"],
    [showPercent(0.99999), ">99.9 %"], // what is not all is not called all
    [showPercent(0.0001), "<0.1 %"],
    [showPercent(0), "0 %"],
    [lasting(119_000), "119 s"],
    [lasting(120_000), "2 min"],
    [lasting(7_200_000), "2 h"],
    [lasting(200_000_000), "2 d 7 h"],
  ] as const)
    it(`says ${words}`, () => expect(said).to.equal(words));

  it("labels a time axis, and says the day where it begins", () => {
    const at = ["22:00", "23:00"].map((t) => Date.parse(`2025-06-15T${t}Z`));
    expect(tickLabels(at, 3_600_000, "UTC")).to.deep.equal([
      "22:00\n15 Jun",
      "23:00",
    ]);
    expect(tickLabels(at, 3_600_000, "Europe/Berlin")).to.deep.equal([
      "00:00\n16 Jun",
      "01:00",
    ]);
    expect(tickLabels(at, 500, "UTC")[1]).to.equal("23:00:00.000");
    expect(tickLabels(at, 86_400_000, "UTC")[1]).to.equal("15 Jun");
  });

  it("tells why a state changed (DATA-03)", () => {
    const { kind, ...details } = transition();
    const event = { at: 0, wan: "att", kind, details, boot: "0", seq: 1 };
    expect(eventInWords(event)).to.equal(
      "download YELLOW → SOFT_RED: RTT delta 50.3ms exceeded soft_red threshold 45ms",
    );
    expect(
      eventInWords({
        ...event,
        kind: "router_lost",
        details: { cause: "timeout", heldMs: 3_600_000 },
      }),
    ).to.equal("router lost: timeout, held 1 h");
  });

  it("weighs steps by their values", () =>
    expect(
      lineSummary({ min: [1, 0], avg: [2, 8], max: [3, 9], count: [1, 3] }),
    ).to.deep.equal({ min: 0, avg: 6.5, max: 9 }));

  it("finds floor and ceiling in a configuration, and nothing in anything else", () => {
    const config = { upload: { floor_mbps: 5, ceiling_mbps: 40 }, download: 1 };
    const event = (details: Record<string, unknown>) => ({
      ...{ at: 0, wan: "att", kind: "config", boot: "0", seq: 1 },
      details,
    });
    expect(limitsIn(event({ trigger: "start", config }))).to.deep.equal({
      upload: { floor: 5, ceiling: 40 },
    });
    expect(limitsIn(event({}))).to.deep.equal({});
    expect(limitsIn(null)).to.deep.equal({});
  });
});
