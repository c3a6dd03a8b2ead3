import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { temporary, wanctl } from "../cli/bin.js";

describe("wanctl lab --trace", () => {
  const lab = (...args: string[]) =>
    wanctl("lab", "--policy", "oracle", "--seeds", "1", ...args);

  it("plays each recorded line, and nothing else where no scenario is named", async () => {
    using folder = temporary();
    const [down, driving] = ["short.down", "driving"].map((name) =>
      join(folder.path, name),
    );
    const everyFourMs = Array.from({ length: 1500 }, (_, i) => 4 * i);
    writeFileSync(down!, `${everyFourMs.join("\n")}\n6000\n`);
    writeFileSync(driving!, "0:4000,3:2000");
    const recorded = ["--trace", down!, "--trace", driving!];
    const titles = async (...args: string[]) =>
      (await lab(...args)).out.match(/^\w+: (trace|steady).*$/gm);
    expect(await titles(...recorded)).to.deep.equal([
      "T1: trace short.down, mean 3.01 Mbit/s",
      "T2: trace driving, mean 3.00 Mbit/s",
    ]);
    expect(await titles("--scenario", "S0", ...recorded)).to.have.length(3);
  });

  it("says what is wrong with a file", async () => {
    using folder = temporary();
    const file = join(folder.path, "bad");
    writeFileSync(file, "0:4000\n3:2000");
    const { code, err } = await lab("--trace", file);
    expect(code).to.equal(1);
    expect(err).to.contain(`Cannot read '${file}': step 1 must be SECOND`);
    const gone = await lab("--trace", join(folder.path, "gone"));
    expect(gone.err).to.contain("no such file");
  });
});
