import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { demandMachine, machineInWords, SHAPING } from "../bed/kernel.js";
import { type Line, openLine, SERVER } from "../bed/line.js";
import { namespaceOf, run, start } from "../bed/namespace.js";
import { kernelKbps } from "../bed/queues.js";

const WANCTL = fileURLToPath(new URL("../../cli/wanctl.js", import.meta.url));

/** Far more than the queues shall let through. */
const LINE_KBPS = 40_000;
const KBPS = { download: 9_000, upload: 6_000 } as const;

/** For `config/bed.yaml`. */
const RATES = {
  DL_BASE: `${KBPS.download / 1e3}`,
  UL_BASE: `${KBPS.upload / 1e3}`,
};

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `wanctl qdisc ARGS` on the shaper, run to its end. */
function qdisc(args: string, path = process.env["PATH"]): Said {
  const words = `${process.execPath} ${WANCTL} qdisc ${args}`.split(" ");
  const { status, stdout, stderr } = spawnSync(
    "ip",
    ["netns", "exec", namespaceOf("shaper"), ...words],
    { encoding: "utf8", env: { PATH: path, ...RATES } },
  );
  return { code: status, out: stdout, err: stderr };
}

const CONFIG = "--config config/bed.yaml";

/** Everything that `qdisc` could have changed. */
const shaperNow = (): string =>
  run("shaper", "tc qdisc show") + run("shaper", "ip -br link");

/** What is wrong, how it came to be so, what is said of it, and what mends it. */
const BAD: readonly (readonly [string, string, RegExp, string])[] = [
  [
    "an ifb that is down",
    "ip link set dev ifb4wan down",
    /! ifb4wan: is down/,
    "qdisc up",
  ],
  [
    "a redirect that is gone",
    "tc qdisc del dev wan ingress",
    /! ifb4wan: nothing redirects wan's ingress to it/,
    "qdisc up",
  ],
  [
    "a device that is missing",
    "ip link del dev ifb4wan",
    /! ifb4wan: no such device/,
    "qdisc up",
  ],
  [
    "a qdisc that shapes nothing",
    "tc qdisc replace dev wan root handle 7: pfifo limit 100",
    /! wan: its root qdisc is pfifo, which does not shape/,
    "qdisc up --force",
  ],
  ...(SHAPING === "cake"
    ? ([
        [
          "a wrong overhead",
          "tc qdisc change dev wan root cake noatm overhead 40",
          /! wan: is noatm overhead 40 mpu 0, should be raw/,
          "qdisc up",
        ],
        [
          "addresses taken for hosts, for want of nat",
          "tc qdisc change dev ifb4wan root cake nonat",
          /! ifb4wan: is nonat, should be nat/,
          "qdisc up",
        ],
        [
          "the direction the wrong way round",
          "tc qdisc change dev ifb4wan root cake egress",
          /! ifb4wan: is egress, should be ingress/,
          "qdisc up",
        ],
      ] as const)
    : ([
        [
          "offloads that HTB's short queue cannot hold",
          "ethtool -K wan tso on gso on",
          /! wan: HTB gets packets of up to 64 kB: ethtool -K wan tso off gso off/,
          "ethtool -K wan tso off gso off",
        ],
      ] as const)),
];

describe(`wanctl qdisc: ${machineInWords()}`, function () {
  this.timeout(60_000);
  let line: Line | undefined;
  let untouched = "";

  before(demandMachine);
  before(async () => {
    line = await openLine(LINE_KBPS);
    untouched = shaperNow();
  });
  after(() => line?.[Symbol.asyncDispose]());

  it("up says what it would do, and with --dry-run does nothing", () => {
    const { code, out } = qdisc(`up ${CONFIG} --dry-run`);
    expect(code).to.equal(0);
    expect(out).to.match(/^ip link add dev ifb4wan type ifb$/m);
    expect(out).to.match(/^tc qdisc add dev wan root /m);
    expect(shaperNow()).to.equal(untouched);
  });

  it("up takes back what it made when a step fails", () => {
    const folder = mkdtempSync(join(tmpdir(), "wanctl-tc-"));
    const real = run("shaper", "which tc").trim();
    writeFileSync(
      join(folder, "tc"),
      `#!/bin/sh\n[ "$1 $2" != "filter add" ] || { echo 'Error: no filter today.' >&2; exit 2; }\nexec ${real} "$@"\n`,
    );
    chmodSync(join(folder, "tc"), 0o755);
    const { code, err } = qdisc(
      `up ${CONFIG}`,
      `${folder}:${process.env["PATH"]}`,
    );
    rmSync(folder, { recursive: true });
    expect(code).to.equal(1);
    expect(err).to.match(
      /^wanctl: Cannot run 'tc filter add .*: Error: no filter today\.: .*\n$/,
    );
    expect(shaperNow()).to.equal(untouched);
  });

  it("up says whom it needs to be, and leaves everything as it was", () => {
    const untouched = shaperNow();
    const words = `setpriv --reuid 65534 --clear-groups --inh-caps=-all ${process.execPath} ${WANCTL} qdisc up ${CONFIG}`;
    const { status, stderr } = spawnSync(
      "ip",
      ["netns", "exec", namespaceOf("shaper"), ...words.split(" ")],
      { encoding: "utf8", env: { PATH: process.env["PATH"], ...RATES } },
    );
    expect(status).to.equal(1);
    expect(stderr).to.match(/^wanctl: Cannot change .*: must be root.*\n$/);
    expect(shaperNow()).to.equal(untouched);
  });

  it("up makes the queues, and twice is once", () => {
    expect(qdisc(`up ${CONFIG}`).code).to.equal(0);
    const built = shaperNow();
    const again = qdisc(`up ${CONFIG}`);
    expect(again).to.deep.equal({
      code: 0,
      out: "bed: the queues are as configured\n",
      err: "",
    });
    expect(shaperNow()).to.equal(built);
    for (const direction of ["download", "upload"] as const)
      expect(kernelKbps(direction)).to.equal(KBPS[direction]);
  });

  for (const direction of ["download", "upload"] as const)
    it(`up shapes the ${direction}`, async () => {
      const kbps = await transfer(direction);
      expect(kbps).to.be.within(0.6 * KBPS[direction], 1.02 * KBPS[direction]);
    });

  it("show finds nothing wrong with what up made", () => {
    const { code, out } = qdisc(`show ${CONFIG}`);
    expect(code, out).to.equal(0);
    expect(out).to.match(/^bed {7}as configured$/m);
    expect(out).to.match(/ download {2}ifb4wan: \w+ \w+:, 9\.00 Mbit\/s of /);
    expect(out).to.match(/fed by wan's ingress/);
    expect(out).to.match(/sent [1-9]\d* MB|sent [\d.]+ MB/);
    const { findings, devices } = JSON.parse(
      qdisc(`show ${CONFIG} --json`).out,
    ) as {
      findings: unknown[];
      devices: Record<
        string,
        { root: { bps: number; counters: { sentBytes: number } } }
      >;
    };
    expect(findings).to.deep.equal([]);
    expect(devices["upload"]!.root.bps).to.equal(KBPS.upload * 1e3);
    expect(devices["upload"]!.root.counters.sentBytes).to.be.above(100_000);
  });

  for (const [what, command, says, mending] of BAD)
    it(`show names ${what}; ${mending} mends it`, () => {
      run("shaper", command);
      const { code, out } = qdisc(`show ${CONFIG}`);
      expect(code).to.equal(1);
      expect(out).to.match(says);
      for (const text of out.split("\n"))
        expect(text.length, text).to.be.at.most(80);
      if (!mending.startsWith("qdisc ")) {
        // what `up` cannot mend it says, too
        expect(qdisc(`up ${CONFIG}`).out).to.match(says);
        run("shaper", mending);
      } else {
        const mended = qdisc(`${mending.slice(6)} ${CONFIG}`);
        expect(mended.code, mended.err).to.equal(0);
      }
      expect(qdisc(`show ${CONFIG}`).code).to.equal(0);
    });

  if (SHAPING === "htb")
    it("show knows whether this host masquerades", () => {
      const masquerades = () =>
        (
          JSON.parse(qdisc(`show ${CONFIG} --json`).out) as {
            masquerades: boolean;
          }
        ).masquerades;
      expect(masquerades()).to.be.false;
      run("shaper", "nft add table ip home");
      run(
        "shaper",
        "nft add chain ip home out { type nat hook postrouting priority 100 ; }",
      );
      run("shaper", "nft add rule ip home out oifname wan masquerade");
      expect(masquerades()).to.be.true;
      run("shaper", "nft delete table ip home");
    });

  it("up refuses to replace somebody else's qdisc, and down leaves it", () => {
    run("shaper", "tc qdisc replace dev wan root handle 7: pfifo limit 100");
    const { code, err } = qdisc(`up ${CONFIG}`);
    expect(code).to.equal(1);
    expect(err).to.equal(
      "wanctl: Cannot create the queues of 'bed': wan: its root qdisc pfifo 7: is not wanctl's (--force replaces it)\n",
    );
    expect(qdisc(`down ${CONFIG}`).code).to.equal(0);
    expect(run("shaper", "tc qdisc show dev wan")).to.include("pfifo 7: root");
    run("shaper", "tc qdisc del dev wan root");
  });

  it("down leaves the host as it was", () => {
    expect(qdisc(`up ${CONFIG}`).code).to.equal(0);
    expect(qdisc(`down ${CONFIG}`).code).to.equal(0);
    expect(shaperNow()).to.equal(untouched);
    expect(qdisc(`down ${CONFIG}`).out).to.equal(
      "bed: everything of wanctl's is removed\n",
    );
  });
});

/** The kbit/s that one TCP transfer of some seconds gets. */
async function transfer(direction: "download" | "upload"): Promise<number> {
  await using server = start("server", "iperf3 -s --forceflush");
  for await (const text of server.child.stdout)
    if (String(text).includes("listening")) break;
  const reverse = direction === "download" ? " --reverse" : "";
  const { end } = JSON.parse(
    run("client", `iperf3 -c ${SERVER} -C cubic -t 4 -O 1 -J${reverse}`),
  ) as { end: { sum_received: { bits_per_second: number } } };
  return end.sum_received.bits_per_second / 1e3;
}
