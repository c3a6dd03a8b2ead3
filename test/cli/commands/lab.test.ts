import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { temporary, wanctl } from "../bin.js";

describe("wanctl lab", function () {
  it("prints a table of 80 columns and the gates, and writes a report", async () => {
    using folder = temporary();
    const file = join(folder.path, "report.html");
    const { code, out } = await wanctl(
      ...["lab", "--scenario", "S6", "--policy", "oracle,wanctl"],
      ...["--seeds", "2", "--report", file],
    );
    expect(code).to.equal(0);
    expect(out)
      .to.match(/^S6: /m)
      .and.match(/^oracle +100 ±0\.0 /m);
    const table = out.slice(0, out.indexOf("±: half"));
    for (const line of table.split("\n"))
      expect(Array.from(line).length, line).to.be.at.most(80);
    expect(readFileSync(file, "utf8")).to.match(/^<!doctype html>/);
  });

  it("prints the same bytes again, on however many threads", async () => {
    const run = () =>
      wanctl(
        "lab",
        "--scenario",
        "S6",
        "--policy",
        "wanctl",
        "--seeds",
        "2",
        "--json",
      );
    const { out } = await run();
    expect((await run()).out).to.equal(out);
    const { measures } = JSON.parse(out) as { measures: { seed: number }[] };
    expect(measures.map(({ seed }) => seed)).to.deep.equal([1, 2]);
  });

  it("says which names there are when one does not exist", async () => {
    const { code, err } = await wanctl("lab", "--scenario", "S99");
    expect(code).to.equal(1);
    expect(err).to.match(
      /^wanctl: Cannot find the scenario 'S99': must be one of S0, /,
    );
  });

  it("tries the place for its report before it plays for hours", async () => {
    const { code, err } = await wanctl("lab", "--report", "/nope/x.html");
    expect(code).to.equal(1);
    expect(err).to.match(
      /^wanctl: Cannot write '\/nope\/x\.html': ENOENT.*\n$/,
    );
  });

  it("wants a number of seeds", async () => {
    expect((await wanctl("lab", "--seeds", "none")).code).to.equal(2);
  });
});
