import { expect } from "chai";
import { questionOf } from "../../../cli/history/question.js";
import { Failure } from "../../../shared/runtime/failure.js";

const NOW_MS = new Date("2026-11-21T10:00:00").getTime();

describe("questionOf()", () => {
  it("CLI-01: asks for the last hour of everything where nothing is said", () =>
    expect(questionOf({}, NOW_MS)).to.deep.equal({
      range: { fromMs: NOW_MS - 3_600_000, toMs: NOW_MS },
      wans: undefined,
      metrics: null,
      what: "values",
      as: "text",
      resolution: null,
      follow: false,
    }));

  it("CLI-01: takes families and whole names, each metric once", () => {
    const metrics = ["load,wanctl_rtt_ms", " wanctl_rtt_ms"];
    expect(questionOf({ metrics }, NOW_MS).metrics).to.deep.equal([
      "wanctl_load_download_mbps",
      "wanctl_load_upload_mbps",
      "wanctl_rtt_ms",
    ]);
  });

  for (const [step, resolution] of [
    ["cycle", "cycle"],
    ["1m", { stepMs: 60_000 }],
    ["1h30m", { stepMs: 5_400_000 }],
  ] as const)
    it(`reads --step ${step}`, () =>
      expect(questionOf({ step }, NOW_MS).resolution).to.deep.equal(
        resolution,
      ));

  for (const [options, says] of [
    [{ wan: ["Spectrum"] }, "--wan 'Spectrum': must be the name of a WAN"],
    [
      { metrics: ["rtx"] },
      "--metrics 'rtx': must be one of rtt, rate, load, state",
    ],
    [{ metrics: [""] }, "--metrics '': must be one of"],
    [{ metrics: ["constructor"] }, "--metrics 'constructor': must be one of"],
    [{ step: "49ms" }, "--step '49ms': must be cycle, or a duration"],
    [{ step: "5" }, "--step '5': must be cycle"],
    [{ points: "0" }, "--points '0': must be a whole number from 1 to 5000"],
    [{ points: "1e3" }, "--points '1e3': must be a whole number"],
    [{ last: "1 parsec" }, "--last '1 parsec': must be a duration like 90m"],
    [{ from: "yesterdy" }, "--from 'yesterdy': must be a time like"],
    [{ to: "3/4" }, "--to '3/4': must be a time like"],
    [{ from: "9:00", to: "8:00" }, "must start before it ends"],
  ] as const)
    it(`says what is wrong with ${JSON.stringify(options)}`, () =>
      expect(() => questionOf(options, NOW_MS)).to.throw(Failure, says));
});
