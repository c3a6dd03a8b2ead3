import { expect } from "chai";
import { classify, reasonFor } from "../../../controller/law/congestion.js";
import type { State } from "../../../shared/contract/state.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { POLICY } from "../../fakes/states.js";

const samples = (...deltas: number[]) =>
  deltas.map((deltaMs, i) => ({
    deltaMs,
    sentAt: i as MonoMs,
    receivedAt: i as MonoMs,
  }));

const { download, upload } = POLICY.limits;

describe("classify()", () => {
  for (const [before, deltas, after, why] of [
    ["GREEN", [0, 0, 0], "GREEN", ""],
    ["GREEN", [15, 15, 15], "GREEN", "a threshold belongs to the calmer state"],
    ["GREEN", [0, 16, 0], "GREEN", "one late answer proves nothing"],
    ["GREEN", [16, 0, 16], "YELLOW", "two of three do"],
    ["GREEN", [50, 0, 46], "SOFT_RED", "straight to the state two agree on"],
    ["GREEN", [200, 81, 0], "RED", ""],
    ["YELLOW", [13, 14, 12.1], "YELLOW", "not below the exit yet (12 ms)"],
    ["YELLOW", [12, 12, 12], "GREEN", ""],
    ["RED", [0, 0, 65], "RED", "one sample above the exit (64 ms) keeps it"],
    ["RED", [40, 50, 40], "SOFT_RED", "down by as much as all samples allow"],
    ["RED", [0, 0, 0], "GREEN", ""],
    ["SOFT_RED", [20, 30, 20], "YELLOW", ""],
    ["RED", [0, 0], "RED", "too few samples change nothing"],
  ] as const)
    it(`calls ${before} after ${deltas.join(", ")} ms ${after}${why && ` (${why})`}`, () => {
      expect(classify(before, samples(...deltas), download).state).to.equal(
        after,
      );
    });

  it("has three states for a direction without hard_red (CTRL-02)", () => {
    const seen = new Set<State>();
    for (let ms = 0; ms < 300; ms++)
      seen.add(classify("GREEN", samples(ms, ms, ms), upload).state);
    expect([...seen]).to.deep.equal(["GREEN", "YELLOW", "RED"]);
  });
});

describe("reasonOf()", () => {
  for (const [before, deltas, limits, reason] of [
    [
      "YELLOW",
      [50.3, 60, 50.3],
      download,
      "RTT delta 50.3ms exceeded soft_red threshold 45ms",
    ],
    [
      "GREEN",
      [16, 16, 16],
      download,
      "RTT delta 16.0ms exceeded target threshold 15ms",
    ],
    [
      "GREEN",
      [46, 47, 46],
      upload,
      "RTT delta 46.0ms exceeded warn threshold 45ms",
    ],
    [
      "YELLOW",
      [3, 4, 5],
      download,
      "RTT delta 5.0ms fell below target threshold 12ms",
    ],
  ] as const)
    it(`says "${reason}" (DATA-03)`, () => {
      const { transition } = classify(before, samples(...deltas), limits);
      expect(transition && reasonFor(transition)).to.equal(reason);
    });

  it("names the direction whose delay it was where one-way delays are known (CTRL-08)", () => {
    const told = samples(50.3, 60, 50.3).map((sample) => ({
      ...sample,
      own: "upload" as const,
    }));
    const { transition } = classify("YELLOW", told, download);
    expect(transition && reasonFor(transition)).to.equal(
      "upload delay 50.3ms exceeded soft_red threshold 45ms",
    );
  });
});
