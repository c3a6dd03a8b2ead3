import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ifbOf } from "../../cli/setup/proposal.js";
import { askHealth } from "../../shared/runtime/health.js";
import { runFolder } from "../../shared/runtime/paths.js";
import { until } from "../fakes/until.js";
import { BIN, temporary } from "./bin.js";

/** Lines on the real kernel, in a network namespace of their own: what they are called, and who leads to whom. */
const SPACE = `wanctl-host-${process.pid}`;
const FIRST = "enp0s20f0u1u2c2";
const SECOND = "enp0s20f0u1u3c2";
const LONG = "a-name-that-is-longer-than-any-of-the-kernel";

const REAL_TC =
  "for tc in /usr/sbin/tc /sbin/tc /usr/bin/tc; do [ -x $tc ] && break; done";
/** Answers of the questions for filters, each as shell; the real one does all else. */
const UNREADABLE = [
  `echo '[{"protocol":"all","pref":49152,"kind":"u32","chain":0,"options":{fh 800: ht divisor 1 }}]'`,
  `printf '[{"protocol":"all","pref":51790,"kind":"u32","chain":0},{"prot'`,
  "echo null",
  "echo '{}'",
  "printf '\\377\\376'",
];

describe("the queues of a real host", () => {
  const folder = temporary();
  const { path } = folder;
  const bin = join(path, "bin");
  const run = runFolder(join(path, "run"));

  const config = (name: string, upload: string, download: string): string => {
    const file = join(path, `${name}.yaml`);
    writeFileSync(
      file,
      `wan: ${name}
probe: { reflectors: [127.0.0.1, 127.0.0.2, 127.0.0.3], fallback: "off" }
shaper: { upload_device: ${upload}, download_device: ${download} }
download: { floor_mbps: 1, base_mbps: 2, ceiling_mbps: 3 }
upload: { floor_mbps: 1, base_mbps: 2, ceiling_mbps: 3 }
state_dir: ${join(path, "state")}
`,
    );
    return file;
  };
  const inside = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      "ip",
      ["netns", "exec", SPACE, ...words],
      { encoding: "utf8" },
    );
    return { code: status, out: stdout, err: stderr };
  };
  const sh = (script: string) => inside("sh", "-c", script);
  const wanctl = (...words: string[]) =>
    inside(process.execPath, BIN, ...words);

  before(function () {
    if (process.getuid?.() !== 0) this.skip();
    mkdirSync(bin);
    spawnSync("ip", ["netns", "add", SPACE]);
  });
  beforeEach(() => {
    const made = sh(
      [
        "set -e; ip link set lo up",
        ...[FIRST, SECOND].map(
          (name, i) =>
            `ip link add ${name} type veth peer name peer${i}; ip link set ${name} up; ip link set peer${i} up`,
        ),
        `ip link property add dev ${FIRST} altname ${LONG}`,
      ].join("; "),
    );
    expect(made.code, made.err).to.equal(0);
  });
  afterEach(() => {
    rmSync(join(bin, "tc"), { force: true });
    sh(
      `for i in ${FIRST} ${SECOND} ifb4one ${ifbOf(FIRST)}; do ip link del $i; done`,
    );
  });
  after(() => {
    if (process.getuid?.() === 0) spawnSync("ip", ["netns", "del", SPACE]);
    folder[Symbol.dispose]();
  });

  const devices = () => sh("ip -br link").out;

  it("an ifb that another line uses is neither taken nor removed", () => {
    const [one, two] = [
      config("one", FIRST, "ifb4one"),
      config("two", SECOND, "ifb4one"),
    ];
    const up = wanctl("qdisc", "up", "--config", one);
    expect(up.code, up.err).to.equal(0);
    for (const force of [[], ["--force"]]) {
      const { code, err } = wanctl("qdisc", "up", "--config", two, ...force);
      expect(code).to.equal(1);
      expect(err).to.equal(
        `wanctl: Cannot create the queues of 'two': ifb4one: ingress of ${FIRST} is already redirected to it: set another shaper.download_device\n`,
      );
    }
    expect(wanctl("qdisc", "down", "--config", two).out).to.include(
      `except ifb4one, which ${FIRST} uses`,
    );
    expect(devices()).to.include("ifb4one");
    expect(wanctl("qdisc", "show", "--config", one).out).to.include(
      `fed by ${FIRST}'s ingress`,
    );
    expect(wanctl("qdisc", "down", "--config", one).code).to.equal(0);
    expect(devices()).not.to.include("ifb4one");
  });

  it("an answer of tc that cannot be read is one line that names the question, and down removes ours", () => {
    const file = config("one", FIRST, "ifb4one");
    const wanctlBeside = (...words: string[]) =>
      sh(`PATH=${bin}:$PATH ${process.execPath} ${BIN} ${words.join(" ")}`);
    for (const answer of UNREADABLE) {
      rmSync(join(bin, "tc"), { force: true });
      expect(wanctl("qdisc", "up", "--config", file).code).to.equal(0);
      writeFileSync(
        join(bin, "tc"),
        `#!/bin/sh\ncase "$*" in *"filter show"*) ${answer}; exit;; esac\n${REAL_TC}\nexec $tc "$@"\n`,
        { mode: 0o755 },
      );
      for (const verb of ["show", "up", "down"]) {
        const { err } = wanctlBeside("qdisc", verb, "--config", file);
        expect(err, answer).to.include(
          `wanctl: Cannot read all of the answer to 'tc -j filter show dev ${FIRST} parent ffff:'`,
        );
        expect(err, "no stack").not.to.match(/^ +at /m);
      }
      expect(devices(), answer).not.to.include("ifb4one");
      const setup = wanctlBeside(
        ...["setup", "--yes", "--interface", FIRST, "--to", join(path, "none")],
        ...["--wan", "one", "--download", "x"],
      );
      expect(setup.err).not.to.match(/^ +at /m);
    }
  }).timeout(120_000);

  it("CTRL-04: a WAN by another of its names is the same device; an ifb that is down is named", async () => {
    const ifb = ifbOf(FIRST);
    const file = config("one", LONG, ifb);
    const up = wanctl("qdisc", "up", "--config", file);
    expect(up.code, up.err).to.equal(0);
    expect(wanctl("qdisc", "show", "--config", file).out).to.include(
      `${FIRST}: htb`,
    );
    const words = ["controller", "--config", file, "--run-dir", run.root];
    const controller = spawn(
      "ip",
      ["netns", "exec", SPACE, process.execPath, BIN, ...words],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    controller.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => (said += text));
    const heard = (words: RegExp) =>
      until(() => words.exec(said) ?? null, 30_000);
    const reasons = async () =>
      (await askHealth(run.wanHealth("one")))?.reasons.join() ?? "";
    const untilReasons = async (isSo: (words: string) => boolean) => {
      while (!isSo(await reasons())) continue;
    };
    try {
      await heard(new RegExp(`router_described.*${FIRST}: htb`));
      await untilReasons((words) => words !== "no cycle yet");
      expect(said).not.to.include("link_lost");
      expect(await reasons()).not.to.match(/gone|router/);
      sh(`ip link set ${ifb} down`);
      await heard(new RegExp(`link_lost.*${ifb} is down`));
      await untilReasons((words) => words.includes(`${ifb} is down`));
      sh(`ip link set ${ifb} up`);
      await heard(/link_back/);
      await untilReasons((words) => !words.includes("is down"));
      sh(`ip link set ${FIRST} down`);
      await heard(new RegExp(`link_lost.*${LONG} is down`));
    } finally {
      controller.kill("SIGKILL");
    }
  }).timeout(60_000);
});

describe("ifbOf()", () => {
  it("leaves short names as they are, and keeps long similar ones apart", () => {
    expect(ifbOf("eth0")).to.equal("ifb4eth0");
    expect(ifbOf("enp0s31f6.7")).to.equal("ifb4enp0s31f6.7");
    const long = [FIRST, SECOND, `${FIRST}x`, LONG].map(ifbOf);
    expect(new Set(long).size).to.equal(4);
    for (const name of long) expect(name).to.match(/^ifb4.{11}$/);
  });
});
