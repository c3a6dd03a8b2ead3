import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { loadControllerConfig } from "../../controller/config/config.js";
import { temporaryFolder } from "../recorder/temporary.js";
import { BIN, wanctl } from "./bin.js";
import { standIn, standInHost } from "./stand-in-host.js";

/** A host with two lines to the world, the second by a rule alone, and one that has IPv6 only. */
const HOST = `wanctl-edge-${process.pid}`;
const SIX = `${HOST}-six`;
const WORLD = `${HOST}-world`;

const SPACES = [HOST, SIX, WORLD];
const REFLECTORS = {
  4: ["1.1.1.1", "8.8.8.8", "9.9.9.9"],
  6: ["2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe"],
};

const MAKE = `set -e
${SPACES.map((name) => `ip netns add ${name}; ip -n ${name} link set lo up`).join("\n")}
${(
  [
    [HOST, "w0", "x0", "10.1.0"],
    [HOST, "w1", "x1", "10.2.0"],
  ] as const
)
  .map(
    ([space, near, far, net]) => `
ip link add ${near} netns ${space} type veth peer name ${far} netns ${WORLD}
ip -n ${space} addr add ${net}.2/24 dev ${near}; ip -n ${space} link set ${near} up
ip -n ${WORLD} addr add ${net}.1/24 dev ${far}; ip -n ${WORLD} link set ${far} up
ip netns exec ${WORLD} sysctl -qw net.ipv4.conf.${far}.arp_ignore=1`,
  )
  .join("")}
ip -n ${HOST} link property add dev w1 altname second-line
ip -n ${HOST} route add default via 10.1.0.1
ip -n ${HOST} route add default via 10.2.0.1 table 77
ip -n ${HOST} rule add from 10.2.0.0/25 table 77
ip link add w6 netns ${SIX} type veth peer name x6 netns ${WORLD}
ip -n ${SIX} addr add fd00:6::2/64 dev w6 nodad; ip -n ${SIX} link set w6 up
ip -n ${WORLD} addr add fd00:6::1/64 dev x6 nodad; ip -n ${WORLD} link set x6 up
ip -n ${SIX} -6 route add default via fd00:6::1
${[...REFLECTORS[4].map((address) => `${address}/32`), ...REFLECTORS[6].map((address) => `${address}/128 nodad`)].map((words) => `ip -n ${WORLD} addr add dev lo ${words}`).join("\n")}`;

describe("wanctl setup on a real host", () => {
  const folder = temporaryFolder();
  const etc = () => join(folder.path, "etc");
  before(function () {
    if (process.getuid?.() !== 0) this.skip();
    const { status, stderr } = spawnSync("sh", ["-c", MAKE], {
      encoding: "utf8",
    });
    expect(status, stderr).to.equal(0);
  });
  after(() => {
    for (const name of SPACES) spawnSync("ip", ["netns", "del", name]);
  });

  const inside = (space: string, ...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      "ip",
      ["netns", "exec", space, process.execPath, BIN, ...words],
      { encoding: "utf8" },
    );
    return { code: status, out: stdout, err: stderr };
  };
  const setup = (space: string, ...words: string[]) =>
    inside(
      ...([space, "setup", "--yes", "--to", etc()] as const),
      ...["--wan", "line", "--download", "50", "--upload", "10", ...words],
    );
  const probe = () =>
    loadControllerConfig(join(etc(), "line.yaml")).values.probe;

  it("finds the line that main leads to, and needs no source for it", () => {
    const { code, err, out } = setup(HOST);
    expect(code, err).to.equal(0);
    expect(probe()).to.deep.include({ interface: "w0", source: null });
    expect(out).to.include("wanctl setup --interface w1");
  });

  it("gives a line that lives by a rule the address that the rule is for, by any of its names", () => {
    const { code, err } = setup(HOST, "--interface", "second-line");
    expect(code, err).to.equal(0);
    expect(probe()).to.deep.include({ interface: "w1", source: "10.2.0.2" });
    expect(probe().reflectors).to.have.members(REFLECTORS[4]);
  });

  it("gives a line of IPv6 alone reflectors that it reaches", () => {
    const { code, err } = setup(SIX);
    expect(code, err).to.equal(0);
    expect(probe()).to.deep.include({ interface: "w6", source: null });
    expect(probe().reflectors).to.have.members(REFLECTORS[6]);
    expect(err).to.match(/2620:fe::fe answered in/);
  });

  it("CLI-03: check --live sees one host by two names, and one line by two names of its device", () => {
    mkdirSync(etc());
    const hosts = join(folder.path, "hosts");
    writeFileSync(hosts, "1.1.1.1 one.example\n127.0.0.1 here.example\n");
    const config = (wan: string, device: string, reflectors: string) =>
      writeFileSync(
        join(etc(), `${wan}.yaml`),
        `wan: ${wan}
state_dir: ${folder.path}
probe: { reflectors: [${reflectors}], interface: ${device} }
shaper: { upload_device: ${device}, download_device: ifb-${wan} }
download: { floor_mbps: 4, base_mbps: 15, ceiling_mbps: 25 }
upload: { floor_mbps: 2, base_mbps: 8, ceiling_mbps: 12 }
`,
      );
    config("a", "w1", "1.1.1.1, one.example, here.example, 10.1.0.2");
    config("b", "second-line", "9.9.9.9");
    const script = `mount --bind ${hosts} /etc/hosts && exec ${process.execPath} ${BIN} check --live ${etc()}`;
    const { stdout, stderr } = spawnSync(
      "ip",
      ["netns", "exec", HOST, "sh", "-c", script],
      { encoding: "utf8" },
    );
    const said = (stdout + stderr).replaceAll(/\n +/g, " ");
    for (const words of [
      `must not have duplicate hosts: 1.1.1.1 is also '1.1.1.1': got "one.example"`,
      `127.0.0.1 is this host itself: got "here.example"`,
      `10.1.0.2 is this host itself: got "10.1.0.2"`,
      `'shaper.upload_device': is already used by a.yaml: got "second-line"`,
      `'probe.interface': probes take the same path as those of a.yaml`,
    ])
      expect(said).to.include(words);
  });
});

describe("wanctl setup before it looks at anything", () => {
  const folder = temporaryFolder();
  standInHost(folder);
  const setup = (...words: string[]) =>
    wanctl("setup", "--yes", "--to", join(folder.path, "etc"), ...words);

  it("tells every flag that is wrong, at once", async () => {
    standIn(folder.path, "fping", `touch ${join(folder.path, "pinged")}`);
    const { code, err } = await setup(
      ...["--interface", "eth8", "--wan", "A B", "--preset", "dialup"],
      ...["--download", "fast", "--upload", "0"],
    );
    expect(code).to.equal(1);
    expect(err.split("\n")).to.deep.equal([
      "wanctl: Cannot set up: --interface must be a device of this host, which has eth7, wwan0: got 'eth8'",
      "wanctl: Cannot set up: --wan must be up to 31 lower-case letters, digits and hyphens, the first a letter: got 'A B'",
      "wanctl: Cannot set up: --preset must be one of cable, vdsl, fibre, lte, starlink: got 'dialup'",
      "wanctl: Cannot set up: --download must be a number from 0.5 to 100000: got 'fast'",
      "wanctl: Cannot set up: --upload must be a number from 0.5 to 100000: got '0'",
      "",
    ]);
    expect(() => readFileSync(join(folder.path, "pinged"))).to.throw("ENOENT");
  });

  it("tells what is wrong with a router's flags, and that its password is nowhere", async () => {
    const { err } = await setup(
      ...["--wan", "a", "--router", "10.0.0.1:99999", "--fingerprint", "12"],
      ...["--password-file", join(folder.path, "none"), "--upload", "9"],
    );
    expect(err.trim().split("\n")).to.deep.equal([
      "wanctl: Cannot set up: --download is required without a terminal",
      "wanctl: Cannot set up: --router must have a port from 1 to 65535: got '10.0.0.1:99999'",
      "wanctl: Cannot set up: --fingerprint must be 64 hexadecimal digits, with or without colons between the bytes: got '12'",
      `wanctl: Cannot read password '${join(folder.path, "none")}': file must exist, with mode 0600 (ENOENT): set by --password-file`,
    ]);
  });

  it("says in words what listens where TLS was expected, or that nothing does", async () => {
    const password = join(folder.path, "password");
    writeFileSync(password, "x\n", { mode: 0o600 });
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((settle) => server.once("listening", settle));
    const { port } = server.address() as AddressInfo;
    server.unref(); // a failure here must not keep the run waiting
    const asked = () =>
      setup(
        ...["--wan", "a", "--download", "9", "--upload", "9"],
        ...["--router", `127.0.0.1:${port}`, "--password-file", password],
      );
    expect((await asked()).err).to.equal(
      `wanctl: Cannot ask the router: 127.0.0.1: port ${port} does not speak TLS: is it the port of www instead of www-ssl?\n`,
    );
    await new Promise((settle) => server.close(settle));
    expect((await asked()).err).to.equal(
      `wanctl: Cannot ask the router: 127.0.0.1: nothing listens on port ${port} (ECONNREFUSED)\n`,
    );
  });
});
