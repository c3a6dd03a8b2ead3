import { expect } from "chai";
import fc from "fast-check";
import { frameLines } from "../../../cli/live/frame-lines.js";
import { CAUSES } from "../../../shared/contract/cause.js";
import type { CycleFrame, Message } from "../../../shared/contract/frame.js";
import { cycle, sample, stamped, transition } from "../../fakes/frames.js";
import { widest } from "../bin.js";

const lines = (message: Message, before?: CycleFrame): readonly string[] =>
  frameLines(stamped(message, 1), before);

const calm = stamped(cycle(), 1) as CycleFrame;

/** Behind time and name. */
const words = (line: string | undefined) => line?.slice(22);

describe("frameLines()", () => {
  it("shows RTT, delta, and per direction state and wanted/enforced (CLI-02)", () => {
    const [line] = lines(cycle());
    expect(line).to.match(/^\d\d:\d\d:\d\d\.\d{3} spectrum /);
    expect(words(line)).to.equal(
      "    24.3   +1.2 ms  ↓GREEN      240/240  ↑GREEN  18.5/18.5",
    );
  });

  it("shows the reading where there is no RTT, and — where nothing is known", () => {
    const [line] = lines(
      cycle({
        reading: 2,
        rttUs: null,
        deltaUs: null,
        enforcedDownloadKbps: null,
        stateDownload: 2,
        stateUpload: 3,
      }),
    );
    expect(words(line)).to.equal(
      "    lost      — ms  ↓SOFT_RED     240/—  ↑RED    18.5/18.5",
    );
  });

  it("says why when the cause is another than before, and only then", () => {
    expect(lines(cycle()).slice(1).map(words)).to.deep.equal([
      "↓ hold: not in full use, load 8 %",
      "↑ hold: not in full use, load 5 %",
    ]);
    expect(lines(cycle(), calm)).to.have.length(1);
    const cut = lines(
      cycle({
        causeDownload: 1,
        causeDownloadUs: 50_000,
        badDownload: 2,
        samplesDownload: 3,
        wantedDownloadKbps: 97_000,
        loadDownloadKbps: 232_800,
        carriedDownloadKbps: 121_000,
      }),
      calm,
    );
    expect(cut.slice(1).map(words)).to.deep.equal([
      "↓ cut: delta 50 ms, 2 of 3 samples, load 97 %, line",
      "carried 121 Mbit/s",
    ]);
  });

  it("keeps to 80 columns up to 10 s of RTT and 10 Gbit/s", () =>
    fc.assert(
      fc.property(
        fc.record({
          rttUs: fc.option(fc.nat(9_999_000)),
          reading: fc.nat(4),
          deltaUs: fc.integer({ min: -90_000, max: 9_999_000 }),
          wantedDownloadKbps: fc.integer({ min: 100, max: 9_999_000 }),
          enforcedDownloadKbps: fc.option(fc.nat(9_999_000)),
          wantedUploadKbps: fc.integer({ min: 100, max: 9_999_000 }),
          stateDownload: fc.nat(3),
          stateUpload: fc.constantFrom(0, 1, 3),
          causeDownload: fc.nat(CAUSES.length - 1),
          causeUpload: fc.nat(CAUSES.length - 1),
          causeUploadUs: fc.nat(1e9),
          loadDownloadKbps: fc.option(fc.nat(9_999_000)),
          badDownload: fc.option(fc.nat(3)),
          samplesDownload: fc.option(fc.nat(3)),
          carriedDownloadKbps: fc.option(fc.nat(9_999_000)),
        }),
        (values) =>
          void expect(widest(lines(cycle(values)).join("\n"))).to.be.at.most(
            80,
          ),
      ),
    ));

  it("breaks a transition's reason under its beginning", () =>
    expect(lines(transition()).map(words)).to.deep.equal([
      "download YELLOW -> SOFT_RED: RTT delta 50.3ms exceeded",
      "soft_red threshold 45ms",
    ]));

  it("shows an event with its detail, and a sample with its labels", () => {
    const event = lines({
      kind: "event",
      event: "router_lost",
      detail: { cause: "no such device", after_ms: 12 },
    });
    expect(event.map(words)).to.deep.equal([
      'router_lost cause="no such device" after_ms=12',
    ]);
    expect(lines(sample(1, { rule: "games" })).map(words)).to.deep.equal([
      "wanctl_steering_enabled rule=games 1",
    ]);
  });

  it("shortens a configuration to one line", () => {
    const config = {
      wan: "spectrum",
      probe: { reflectors: Array(40).fill("a") },
    };
    const shown = lines({ kind: "config", trigger: "start", config });
    expect(shown).to.have.length(1);
    expect(shown[0]).to.match(/ config at start: \{"wan":.*…$/);
    expect(widest(shown[0]!)).to.equal(80);
  });

  it("prints no control character of a frame", () =>
    expect(
      lines({
        kind: "event",
        event: "router_lost",
        detail: { "\x1b[2J": "\u202Egone" },
      }).join(),
    ).not.to.match(/[\p{Cc}\p{Cf}]/u));
});
