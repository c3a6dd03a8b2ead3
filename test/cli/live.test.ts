import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openDevice } from "../fakes/routeros/device.js";
import {
  openFakeRouterOs,
  PASSWORD,
  type FakeRouterOs,
} from "../fakes/routeros/server.js";
import { temporaryFolder } from "../recorder/temporary.js";
import { wanctl, widest } from "./bin.js";

describe("wanctl check --live", () => {
  const folder = temporaryFolder();
  let router: FakeRouterOs;
  beforeEach(async () => {
    router = await openFakeRouterOs(openDevice(), { certificate: null });
  });
  afterEach(() => router[Symbol.asyncDispose]());

  async function checked({ password = PASSWORD, upload = "wan-upload" } = {}) {
    const secret = join(folder.path, "password");
    writeFileSync(secret, `${password}\n`, { mode: 0o600 });
    const file = join(folder.path, "cable.yaml");
    writeFileSync(
      file,
      `wan: cable
probe: { reflectors: [10.0.0.1] }
shaper:
  { backend: routeros, scheme: http, host: 127.0.0.1, port: ${router.port}, user: wanctl,
    password_file: ${secret}, download_queue: wan-download, upload_queue: ${upload} }
download: { floor_mbps: 4, base_mbps: 15, ceiling_mbps: 25 }
upload: { floor_mbps: 2, base_mbps: 8, ceiling_mbps: 12 }
`,
    );
    const ended = await wanctl("check", "--live", file);
    expect(ended.out + ended.err).not.to.include(password);
    for (const line of (ended.out + ended.err).split("\n").slice(1))
      expect(widest(line)).to.be.at.most(80);
    return ended;
  }

  it("CLI-03: says what the router is", async () => {
    const { code, out, err } = await checked();
    expect(err).to.equal("");
    expect(code).to.equal(0);
    expect(out).to.match(
      /configuration OK \(controller cable\)\n {2}.*RouterOS 7/,
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
});
