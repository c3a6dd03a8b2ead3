import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { pingerFor } from "../../../controller/probes/kinds.js";
import type { ProbeConfig } from "../../../controller/probes/pinger.js";
import {
  backendOf,
  type ShaperConfig,
} from "../../../controller/shapers/backends.js";
import { Failure } from "../../../shared/runtime/failure.js";
import { openStandIns } from "../../fakes/stand-in.js";

const PROBE: ProbeConfig = {
  reflectors: ["10.0.3.11"],
  spacingMs: 50,
  lossMs: 1000,
  source: null,
  interface: null,
  method: "echo",
};
const AUTO: ProbeConfig = { ...PROBE, method: "auto" };

const TC: ShaperConfig = {
  backend: "tc",
  devices: { download: "ifb0", upload: "wan0" },
  queue: {
    ...{ link: "raw", overheadBytes: null, mpuBytes: null, rttMs: 100 },
    ...{ nat: true, wash: true, ackFilter: false, diffserv: "besteffort" },
  },
  onForeign: "correct",
};
const routerOver = (transport: "rest" | "ssh"): ShaperConfig => ({
  backend: "routeros",
  router: {
    ...{ host: "10.0.0.9", user: "wanctl", wanInterface: null },
    ways: [
      transport === "ssh"
        ? { transport, port: 22, keyFile: "/key", knownHostsFile: "/hosts" }
        : {
            ...{ transport, port: 443, isPlain: false },
            ...{ caFile: null, fingerprint: null },
            secret: { kind: "file", path: "/secret" },
          },
    ],
    queues: { kind: "tree", names: { download: "down", upload: "up" } },
  },
  onForeign: "correct",
});

/** What openLine() tries before it opens anything. @returns what pings */
function demandTools(shaper: ShaperConfig, probe: ProbeConfig): string {
  const { name } = pingerFor(probe);
  const backend = backendOf(shaper);
  if (!backend.isSimulated) backend.needs(shaper);
  return name;
}
const demand = () => demandTools(TC, PROBE);

describe("what a controller needs", () => {
  it("asks for neither tc nor the right to use it where a router shapes", () => {
    using programs = openStandIns();
    programs.alone();
    programs.program("fping", "exit 0");
    expect(() => demandTools(routerOver("rest"), PROBE)).not.to.throw();
  });

  it("asks for ssh, and for no right to use it, where a router is spoken to over it", () => {
    using programs = openStandIns();
    programs.alone();
    programs.program("fping", "exit 0");
    expect(() => demandTools(routerOver("ssh"), PROBE)).to.throw(
      Failure,
      "'ssh' must be on the PATH: install openssh-client",
    );
    programs.program("ssh", "exit 0");
    expect(() => demandTools(routerOver("ssh"), PROBE)).not.to.throw();
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
    const kinds = new URL(
      "../../../controller/probes/kinds.js",
      import.meta.url,
    ).href;
    /** What a process without the right says, which root has to give away first. */
    const without = spawnSync(
      isRoot ? "setpriv" : "env",
      [
        ...(isRoot ? ["--bounding-set", "-net_raw"] : []),
        ...[process.execPath, "--input-type=module", "-e"],
        `import { pingerFor } from "${kinds}"; console.log(pingerFor(${JSON.stringify(AUTO)}).name)`,
      ],
      { encoding: "utf8" },
    );
    if (isRoot) {
      expect(without.stdout.trim(), without.stderr).to.equal("fping");
      expect(demandTools(TC, AUTO)).to.equal("icmp");
      expect(demandTools(TC, { ...AUTO, source: "2001:db8::1" })).to.equal(
        "fping",
      );
    } else
      expect(() => demandTools(TC, { ...AUTO, method: "timestamps" })).to.throw(
        Failure,
        "ICMP timestamp requests need CAP_NET_RAW",
      );
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
