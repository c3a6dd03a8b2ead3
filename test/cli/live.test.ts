import { chmodSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseReached } from "../../cli/check/reach.js";
import { openDevice } from "../fakes/routeros/device.js";
import {
  openFakeRouterOs,
  PASSWORD,
  type FakeRouterOs,
} from "../fakes/routeros/server.js";
import { temporaryFolder } from "../recorder/temporary.js";
import { wanctl, widest } from "./bin.js";

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
      "! 'probe.reflectors': must answer pings: nothing of 5 came back from 10.0.0.2",
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

  it("CLI-03: says that the clock is wrong", async () => {
    standIn("timedatectl", "echo no");
    const file = join(folder.path, "recorder.yaml");
    writeFileSync(file, `storage: { db_path: ${folder.path}/h.db }`);
    utimesSync(file, 4e9, 4e9);
    const { code, err, out } = await wanctl("check", "--live", file);
    expect(code).to.equal(1);
    expect(out).to.include("configuration OK (recorder)");
    expect(err).to.include("! is wrong: a file was written on 2096-10-02");
    expect(err).to.include("! must be synchronised: switch NTP on");
  });

  describe("of queues on this host", () => {
    /** @param leaves the device that the kernel would send probes to */
    const routed = async (leaves: string, probe = "", master = "") => {
      standIn("tc", "echo '[]'");
      standIn(
        "ip",
        `case "$*" in
          *route*) echo '[{"dst":"10.0.0.1","dev":"${leaves}"}]';;
          *link*) echo '[{"ifname":"wan0","flags":["UP"],"master":"${master}"}]';;
        esac`,
      );
      const { err } = await live(`wan: cable
probe: { reflectors: [10.0.0.1], ${probe} }
shaper: { upload_device: wan0, download_device: ifb4wan0 }${RATES}`);
      return err.replaceAll(/\n +/g, " ");
    };

    it("CLI-03: accepts probes that leave by the line, or by its bridge", async () => {
      expect(await routed("wan0")).not.to.include("probes must leave");
      expect(await routed("br0", "", "br0")).not.to.include(
        "probes must leave",
      );
    });

    for (const [probe, key] of [
      ["", "probe.reflectors"],
      ["source: 10.9.9.9", "probe.source"],
      ["interface: eth7", "probe.interface"],
    ] as const)
      it(`CLI-03: refuses probes that leave by another line, by ${key}`, async () =>
        expect(await routed("eth7", probe)).to.include(
          `! '${key}': probes must leave by wan0, which is shaped: they leave by eth7: got`,
        ));
  });
});
