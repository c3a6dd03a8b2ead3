import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadControllerConfig } from "../../../../controller/config/config.js";
import { ConfigError } from "../../../../shared/config/error.js";

const HEX = "0f".repeat(32);

const file = (shaper: string) => `
wan: cable
probe: {reflectors: [1.1.1.1]}
shaper: {backend: routeros, ${shaper}}
download: {floor_mbps: 1, base_mbps: 2, ceiling_mbps: 3}
upload: {floor_mbps: 1, base_mbps: 2, ceiling_mbps: 3}
`;
const WHO = "host: 192.168.88.1, user: wanctl, password_file: /etc/wanctl/p";
const SSH = "ssh_key_file: /k, known_hosts_file: /h";
const TREE = "download_queue: wan-down, upload_queue: wan-up";

describe("backend routeros", () => {
  const folder = mkdtempSync(join(tmpdir(), "wanctl-routeros-"));
  after(() => rmSync(folder, { recursive: true }));

  function load(shaper: string) {
    const path = join(folder, "wan.yaml");
    writeFileSync(path, file(shaper));
    return loadControllerConfig(path);
  }
  const router = (shaper: string) => {
    const { shaper: parsed } = load(shaper).values;
    return parsed.backend === "routeros" ? parsed.router : null;
  };

  it("is HTTPS that is verified, two queues of the queue tree, foreign rates corrected", () => {
    expect(load(`${WHO}, ${TREE}`).values.shaper).to.deep.equal({
      backend: "routeros",
      onForeign: "correct",
      router: {
        ...{ host: "192.168.88.1", user: "wanctl", wanInterface: null },
        ways: [
          {
            ...{ transport: "rest", port: 443, isPlain: false },
            ...{ caFile: null, fingerprint: null },
            secret: { kind: "file", path: "/etc/wanctl/p" },
          },
        ],
        queues: {
          kind: "tree",
          names: { download: "wan-down", upload: "wan-up" },
        },
      },
    });
  });

  it("takes a fingerprint as people copy it, and one simple queue for both directions", () => {
    const colons = HEX.toUpperCase().match(/../g)!.join(":");
    const parsed = router(
      `${WHO}, tls: {fingerprint_sha256: "${colons}"}, queue: simple, download_queue: wan, port: 8443`,
    );
    expect(parsed!.ways[0]).to.include({ fingerprint: HEX, port: 8443 });
    expect(parsed!.queues.names).to.deep.equal({
      download: "wan",
      upload: "wan",
    });
  });

  it("takes http for this host, and for another where it is told to", () => {
    const plain = `user: u, credential: c, ${TREE}, scheme: http`;
    expect(router(`host: 127.0.0.1, ${plain}`)!.ways[0]).to.include({
      port: 80,
    });
    const elsewhere = router(`host: 10.0.0.1, allow_plaintext: true, ${plain}`);
    expect(elsewhere!.ways[0]).to.include({ isPlain: true });
  });

  it("needs no password over SSH, and both ways' keys for both", () => {
    const ssh = {
      ...{ transport: "ssh", port: 22 },
      ...{ keyFile: "/k", knownHostsFile: "/h" },
    };
    const alone = router(`host: r, user: u, ${TREE}, transport: ssh, ${SSH}`);
    expect(alone!.ways).to.deep.equal([ssh]);
    const both = router(
      `${WHO}, ${TREE}, transport: rest_then_ssh, ${SSH}, ssh_port: 2222`,
    );
    expect(both!.ways).to.have.lengthOf(2);
    expect(both!.ways[0]).to.include({ transport: "rest", port: 443 });
    expect(both!.ways[1]).to.deep.equal({ ...ssh, port: 2222 });
  });

  for (const [what, shaper, words] of [
    [
      "no host",
      `user: u, credential: c, ${TREE}`,
      "'shaper.host': is required",
    ],
    [
      "no user",
      `host: r, credential: c, ${TREE}`,
      "'shaper.user': is required",
    ],
    [
      "no queue",
      `${WHO}, download_queue: x`,
      "'shaper.upload_queue': is required",
    ],
    [
      "one queue twice",
      `${WHO}, download_queue: x, upload_queue: x`,
      "must differ from download_queue",
    ],
    ["no password", `host: r, user: u, ${TREE}`, "exactly one of"],
    ["two passwords", `${WHO}, credential: c, ${TREE}`, "exactly one of"],
    [
      "a password in the file",
      `${WHO}, ${TREE}, password: hush`,
      "unknown key",
    ],
    ["http to another host", `${WHO}, ${TREE}, scheme: http`, "in clear"],
    [
      "two ways to trust",
      `${WHO}, ${TREE}, tls: {ca_file: f, fingerprint_sha256: "${HEX}"}`,
      "must not be set together with",
    ],
    [
      "no key over SSH",
      `host: r, user: u, ${TREE}, transport: ssh, known_hosts_file: h`,
      "'shaper.ssh_key_file': is required with transport ssh",
    ],
    [
      "no host keys to believe over SSH",
      `${WHO}, ${TREE}, transport: rest_then_ssh, ssh_key_file: k`,
      "'shaper.known_hosts_file': is required with transport rest_then_ssh",
    ],
    [
      "no password where REST comes first",
      `host: r, user: u, ${TREE}, transport: rest_then_ssh, ${SSH}`,
      "exactly one of",
    ],
    [
      "a host that ssh would take for an option",
      `host: "-oProxyCommand=x", user: u, ${TREE}, transport: ssh, ${SSH}`,
      "'shaper.host': must be a name or",
    ],
    [
      "no fingerprint",
      `${WHO}, ${TREE}, tls: {fingerprint_sha256: ab}`,
      "must be 64 hexadecimal digits",
    ],
  ] as const)
    it(`refuses ${what} (CLI-03)`, () => {
      expect(() => load(shaper))
        .to.throw(ConfigError)
        .with.property("message")
        .that.contains(words)
        .and.not.contains("hush");
    });

  it("shows no secret, not even where its name belongs (DATA-04)", () => {
    process.env["ROUTER_PASSWORD"] = "hush_hush";
    const oops = 'password_env: "${ROUTER_PASSWORD}"';
    const { shown } = load(`host: r, user: u, ${TREE}, ${oops}`);
    delete process.env["ROUTER_PASSWORD"];
    expect(JSON.stringify(shown)).not.to.contain("hush");
  });
});
