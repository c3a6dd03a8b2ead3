import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { demandTools } from "../../../controller/config/needs.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { openStandIns } from "../../fakes/stand-in.js";

const PROBE = {
  reflectors: ["10.0.3.11"],
  spacingMs: 50,
  lossMs: 1000,
  source: null,
  interface: null,
  method: "echo" as const,
};
const AUTO = { ...PROBE, method: "auto" as const };
const demand = () => demandTools("tc", PROBE);

describe("demandTools()", () => {
  it("asks for neither tc nor the right to use it where a router shapes", () => {
    using programs = openStandIns();
    programs.alone();
    programs.program("fping", "exit 0");
    expect(() => demandTools(null, PROBE)).not.to.throw();
  });

  it("asks for ssh, and for no right to use it, where a router is spoken to over it", () => {
    using programs = openStandIns();
    programs.alone();
    programs.program("fping", "exit 0");
    expect(() => demandTools("ssh", PROBE)).to.throw(
      Failure,
      "'ssh' must be on the PATH: install openssh-client",
    );
    programs.program("ssh", "exit 0");
    expect(() => demandTools("ssh", PROBE)).not.to.throw();
  });

  it("names the program that is missing, and where to get it", () => {
    using programs = openStandIns();
    programs.alone();
    expect(demand).to.throw(
      Failure,
      "'fping' must be on the PATH: install fping",
    );
    programs.program("fping", "exit 0");
    expect(demand).to.throw(
      Failure,
      "'tc' must be on the PATH: install iproute2",
    );
  });

  it("says what to do about an fping that may not ping", () => {
    using programs = openStandIns();
    programs.program("tc", "exit 0");
    programs.program(
      "fping",
      `[ "$1" = -V ] && exit 0; echo "fping: can't create socket" >&2; exit 4`,
    );
    expect(demand).to.throw(
      Failure,
      /got 'fping: can't create socket': give it CAP_NET_RAW/,
    );
  });

  it("sends with a socket of its own where it may, else with fping", () => {
    using programs = openStandIns();
    programs.program("tc", "exit 0");
    programs.program("fping", "exit 0");
    const isRoot = process.getuid?.() === 0;
    const needs = new URL(
      "../../../controller/config/needs.js",
      import.meta.url,
    ).href;
    /** What a process without the right says, which root has to give away first. */
    const without = spawnSync(
      isRoot ? "setpriv" : "env",
      [
        ...(isRoot ? ["--bounding-set", "-net_raw"] : []),
        ...[process.execPath, "--input-type=module", "-e"],
        `import { demandTools } from "${needs}"; console.log(demandTools("tc", ${JSON.stringify(AUTO)}))`,
      ],
      { encoding: "utf8" },
    );
    if (isRoot) {
      expect(without.stdout.trim(), without.stderr).to.equal("fping");
      expect(demandTools("tc", AUTO)).to.equal("socket");
      expect(demandTools("tc", { ...AUTO, source: "2001:db8::1" })).to.equal(
        "fping",
      );
    } else
      expect(() =>
        demandTools("tc", { ...AUTO, method: "timestamps" }),
      ).to.throw(Failure, "asking for timestamps needs CAP_NET_RAW");
  });

  it("does not mind a line that is away", () => {
    using programs = openStandIns();
    programs.program("tc", "exit 0");
    programs.program("fping", "exit 1");
    const isRoot = process.getuid?.() === 0;
    if (isRoot) expect(demand).not.to.throw();
    else expect(demand).to.throw(Failure, "CAP_NET_ADMIN");
  });
});
