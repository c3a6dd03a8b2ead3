import { spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const UNITS = resolve(
  dirname(fileURLToPath(import.meta.url)),
  "../../../systemd",
);

/** Tenths: systemd calls up to 2.0 "OK", and what is not confined at all 9.6. */
const EXPOSURE_MAX = 20;

const analyze = (...args: readonly string[]) => {
  const ran = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return {
    isThere: ran.error === undefined,
    ok: ran.status === 0,
    said: `${ran.stdout}${ran.stderr}`,
  };
};

/** As systemd(1) judges the units; what they are like under a real systemd, test/acceptance/package.sh plays. */
describe("systemd units (OPS-01)", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-units-"));
  const names = readdirSync(UNITS);
  const services = names.filter((name) => name.endsWith(".service"));
  const instance = (name: string) => join(folder, name.replace("@.", "@a."));

  before(function () {
    if (!analyze("--version").isThere) {
      if (process.env["CI"] === "true")
        throw new Error("systemd-analyze must be installed: Debian: systemd");
      console.warn("skipped: no systemd-analyze here (Debian: systemd)");
      this.skip();
    }
    // the program of the package is not installed here
    for (const name of names)
      writeFileSync(
        instance(name),
        readFileSync(join(UNITS, name), "utf8").replaceAll(
          "/usr/bin/wanctl",
          "/bin/true",
        ),
      );
  });
  after(() => rmSync(folder, { recursive: true }));

  it("have nothing that systemd does not understand", () => {
    const { ok, said } = analyze(
      ...["verify", "--man=no"],
      ...names.map(instance),
    );
    expect(said).to.equal("");
    expect(ok).to.be.true;
  });

  for (const name of services)
    it(`${name} is confined: its exposure is at most ${EXPOSURE_MAX / 10}`, () => {
      const { ok, said } = analyze(
        ...["security", "--offline=yes", `--threshold=${EXPOSURE_MAX}`],
        instance(name),
      );
      expect(ok, said.trim().split("\n").at(-1)).to.be.true;
    });
});
