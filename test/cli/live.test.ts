import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseReached } from "../../cli/check/probes.js";
import { openDevice } from "../fakes/routeros/device.js";
import {
  type FakeRouterOs,
  openFakeRouterOs,
  PASSWORD,
} from "../fakes/routeros/server.js";
import { temporaryFolder } from "../recorder/temporary.js";
import { BIN, wanctl, widest } from "./bin.js";

describe("parseReached()", () => {
  it("reads what fping says of each reflector", () =>
    expect(
      parseReached(
        "nosuch.invalid: Name or service not known\n1.1.1.1       : 9.87 - 10.2\n9.9.9.9 : - - -\n",
      ),
    ).to.deep.equal([
      { reflector: "1.1.1.1", rttsMs: [9.87, 10.2] },
      { reflector: "9.9.9.9", rttsMs: [] },
    ]));
});

describe("wanctl check --live", () => {
  const folder = temporaryFolder();
  const path = process.env["PATH"];
  let router: FakeRouterOs;
  beforeEach(async () => {
    router = await openFakeRouterOs(openDevice(), { certificate: null });
    mkdirSync(join(folder.path, "bin"));
    process.env["PATH"] = `${join(folder.path, "bin")}:${path}`;
    standIn("timedatectl", "echo yes");
    standIn("fping", "echo '10.0.0.1 : 9.31 9.02 - 9.44 9.25' >&2");
  });
  afterEach(() => {
    process.env["PATH"] = path;
    return router[Symbol.asyncDispose]();
  });

  /** A program of this host that says what we want to hear. */
  function standIn(name: string, script: string): void {
    const file = join(folder.path, "bin", name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  const RATES = `
download: { floor_mbps: 4, base_mbps: 15, ceiling_mbps: 25 }
upload: { floor_mbps: 2, base_mbps: 8, ceiling_mbps: 12 }
`;

  async function live(yaml: string) {
    const file = join(folder.path, "cable.yaml");
    writeFileSync(file, yaml);
    const ended = await wanctl("check", "--live", file);
    for (const line of (ended.out + ended.err).split("\n").slice(1))
      expect(widest(line)).to.be.at.most(80);
    return ended;
  }

  async function checked({
    password = PASSWORD,
    upload = "wan-upload",
    reflectors = "10.0.0.1",
    stateDir = folder.path,
  } = {}) {
    const secret = join(folder.path, "password");
    writeFileSync(secret, `${password}\n`, { mode: 0o600 });
    const ended = await live(`wan: cable
probe: { reflectors: [${reflectors}] }
state_dir: ${stateDir}
shaper:
  { backend: routeros, scheme: http, host: 127.0.0.1, port: ${router.port}, user: wanctl,
    password_file: ${secret}, download_queue: wan-download, upload_queue: ${upload} }${RATES}`);
    expect(ended.out + ended.err).not.to.include(password);
    return ended;
  }

  it("CLI-03: says what the router, the reflectors and the host are", async () => {
    const { code, out, err } = await checked();
    expect(err).to.equal("");
    expect(code).to.equal(0);
    expect(out).to.match(
      /configuration OK \(controller cable\)\n {2}.*RouterOS 7.*\n {2}reflectors: 10\.0\.0\.1 9\.0 ms \(4 of 5\)\n {2}checkpoint in .*\nthis host\n {2}clock: 20.*Z, synchronised\n$/s,
    );
  });

  it("CLI-03, CTRL-04: says what keeps its rates from working", async () => {
    const none = await checked({ upload: "wan-upwards" });
    expect(none.code).to.equal(1);
    expect(none.err).to.include("wan-upwards");
    const refused = await checked({ password: "wrong" });
    expect(refused.code).to.equal(1);
    expect(refused.err).to.match(/ {2}! .*(401|password|credentials)/i);
    await router.vanish();
    const gone = await checked();
    expect(gone.err).to.match(/ {2}! .*ECONNREFUSED/);
  });

  it("CLI-03: names reflectors that are silent", async () => {
    const { code, err } = await checked({ reflectors: "10.0.0.1, 10.0.0.2" });
    expect(code).to.equal(1);
    expect(err.replaceAll(/\n +/g, " ")).to.include(
      "! 'probe.reflectors': must answer pings: 0 of 5 answered by 10.0.0.2",
    );
  });

  it("CLI-03: says that nobody could be pinged, and why", async () => {
    standIn("fping", 'echo "can\'t create socket" >&2; exit 4');
    expect((await checked()).err).to.include(
      "! 'probe.reflectors': Cannot ping the reflectors: can't create socket",
    );
  });

  it("CLI-03: says that what is learned cannot be kept", async () => {
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    const { code, err } = await checked({ stateDir: join(file, "state") });
    expect(code).to.equal(1);
    expect(err).to.include("! 'state_dir': must be a folder");
  });

  it("CLI-03: says that the history cannot be where it is to be", async () => {
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    const { code, err } = await live(
      `storage: { db_path: ${file}/metrics.db }`,
    );
    expect(code).to.equal(1);
    expect(err).to.include("! 'storage.db_path': must be a folder");
  });

  it("CLI-03: asks after two controllers' reflectors in whatever spelling", async () => {
    const files = ["'fd00::1'", "'fd00:0::1'"].map((host, i) => {
      const file = join(folder.path, `${i}.yaml`);
      writeFileSync(
        file,
        `wan: w${i}
probe: { reflectors: [${host}] }
shaper:
  { backend: routeros, host: 10.9.9.9, user: u, password_file: /p,
    download_queue: d${i}, upload_queue: u${i} }${RATES}`,
      );
      return file;
    });
    const { err } = await wanctl("check", ...files);
    expect(err).to.include(
      "probes to fd00:0::1 take the same path as those of 0.yaml",
    );
  });

  it("CLI-03: wants the folder of a database writable, and nothing but a file in its place", async () => {
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const db = join(folder.path, "etc", "h.db");
    mkdirSync(join(folder.path, "etc"));
    writeFileSync(db, "");
    chmodSync(db, 0o666);
    chmodSync(join(folder.path, "etc"), 0o555);
    chmodSync(folder.path, 0o755);
    const file = join(folder.path, "recorder.yaml");
    writeFileSync(file, `storage: { db_path: ${db} }`);
    const words = [BIN, "check", "--live", file];
    const { stderr } = spawnSync(process.execPath, words, {
      ...nobody,
      encoding: "utf8",
    });
    expect(stderr.replaceAll(/\n +/g, " ")).to.match(
      /'storage.db_path': must be writable for this user \(EACCES\): got ".*\/etc"/,
    );
    expect((await live(`storage: { db_path: ${folder.path} }`)).err).to.include(
      "'storage.db_path': must be a file",
    );
  });

  it("CLI-03: says that the clock is wrong", async () => {
    standIn("timedatectl", "echo no");
    const file = join(folder.path, "recorder.yaml");
    writeFileSync(file, `storage: { db_path: ${folder.path}/h.db }`);
    utimesSync(file, 4e9, 4e9);
    const { code, err, out } = await wanctl("check", "--live", file);
    expect(code).to.equal(1);
    expect(out).to.include("configuration OK (recorder)");
    expect(err).to.include("! is wrong: a file was written on 2096-10-02");
    expect(err).to.include("! must be synchronised: enable NTP");
  });

  describe("of queues on this host", () => {
    /** @param leaves the device that the kernel would send probes to; @param links of `ip -j -d link show` */
    const routed = async (
      leaves: string,
      probe = "",
      links: readonly object[] = [],
    ) => {
      standIn("tc", "echo '[]'");
      standIn(
        "ip",
        `case "$*" in
          *route*) echo '[{"dst":"10.0.0.1","dev":"${leaves}"}]';;
          *"-d link show") echo '${JSON.stringify(links)}';;
          *link*) echo '[{"ifname":"wan0","flags":["UP"]}]';;
        esac`,
      );
      const { out, err } = await live(`wan: cable
probe: { reflectors: [10.0.0.1], ${probe} }
shaper: { upload_device: wan0, download_device: ifb4wan0 }${RATES}`);
      return (out + err).replaceAll(/\n +/g, " ");
    };

    const portOf = (master: string, kind = "bridge") => ({
      ...{ ifname: "wan0", master },
      linkinfo: { info_slave_kind: kind },
    });

    for (const [way, leaves, links] of [
      ["the line", "wan0", []],
      ["its bridge", "br0", [portOf("br0")]],
      ["a bond of it", "bond0", [portOf("bond0", "bond")]],
      ["a VLAN on it", "wan0.7", [{ ifname: "wan0.7", link: "wan0" }]],
      [
        "a VLAN on its bridge",
        "br0.7",
        [{ ifname: "br0.7", link: "br0" }, portOf("br0")],
      ],
    ] as const)
      it(`CLI-03: accepts probes that leave by ${way}`, async () =>
        expect(await routed(leaves, "", links)).not.to.include("leave by"));

    it("CLI-03: accepts probes of another device where the line is a bridge's port, and says what must hold", async () => {
      const said = await routed("eth7", "", [portOf("br0")]);
      expect(said).not.to.include("probes must be sent by");
      expect(said).to.include(
        "(sent by eth7: their path must lead through br0)",
      );
      expect(await routed("eth7", "", [portOf("vrf0", "vrf")])).to.include(
        "probes must be sent by wan0",
      );
    });

    for (const [probe, key] of [
      ["", "probe.reflectors"],
      ["source: 10.9.9.9", "probe.source"],
      ["interface: eth7", "probe.interface"],
    ] as const)
      it(`CLI-03: refuses probes that leave by another line, by ${key}`, async () =>
        expect(await routed("eth7", probe)).to.include(
          `! '${key}': probes must be sent by wan0, which is shaped: they are sent by eth7: got`,
        ));
  });
});
