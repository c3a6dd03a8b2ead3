import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type Ended, ROOT, temporary, wanctl } from "../bin.js";

const RATES = `download: { floor_mbps: 20, base_mbps: 150, ceiling_mbps: 240 }
upload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }`;
const PROBE = "probe: { reflectors: [1.1.1.1, 9.9.9.9] }";
const TC = "{ upload_device: wan0, download_device: ifb4wan0 }";
/** A valid file from its fourth line on. */
const REST = `${PROBE}\n${RATES}`;

/** Mistakes people make: the file, and the whole line that is said of it after its name. */
const BAD = [
  [
    "nothing in it of a controller or recorder",
    "storag: {}",
    ":1 'storag': unknown key, did you mean 'storage'",
  ],
  ["no name", `shaper: ${TC}\n${REST}`, " 'wan': is required"],
  [
    "a name in capitals",
    `wan: Spectrum\nshaper: ${TC}\n${REST}`,
    `:1 'wan': must be up to 31 lower-case letters, digits and hyphens, the first a letter: got "Spectrum"`,
  ],
  [
    "a name that is the recorder's",
    `wan: recorder\nshaper: ${TC}\n${REST}`,
    `:1 'wan': must not be one of recorder, steering: got "recorder"`,
  ],
  [
    "a misspelt group",
    `wan: a\ntreshold: {}\n${REST}`,
    ":2 'treshold': unknown key, did you mean 'thresholds'",
  ],
  [
    "a misspelt key",
    `wan: a\nshaper:\n  upload_devise: wan0\n${REST}`,
    ":3 'shaper.upload_devise': unknown key, did you mean 'upload_device'",
  ],
  [
    "the recorder's keys",
    `wan: a\nstorage: { db_path: /tmp/x.db }\n${REST}`,
    ":2 'storage': unknown key here: it belongs in the recorder's file, recorder.yaml",
  ],
  [
    "the predecessor's file",
    "wan_name: a\ncontinuous_monitoring: { enabled: true }",
    ":1 'wan_name': unknown key here: it is from the Python version, `wanctl migrate config FILE` converts the file",
  ],
  [
    "a preset in American",
    `wan: a\npreset: fiber\nshaper: ${TC}\n${REST}`,
    `:2 'preset': must be one of cable, vdsl, fibre, lte, starlink, did you mean 'fibre': got "fiber"`,
  ],
  [
    "a source that is no address",
    `wan: a\nprobe: { reflectors: [1.1.1.1], source: 300.1.1.1 }\nshaper: ${TC}\n${RATES}`,
    ":2 'probe.source': must be an IPv4 or IPv6 address: got \"300.1.1.1\"",
  ],
  [
    "a reflector that is no address",
    `wan: a\nprobe: { reflectors: [1.1.1] }\nshaper: ${TC}\n${RATES}`,
    ":2 'probe.reflectors': must be a name or an IPv4 or IPv6 address, without a port: got \"1.1.1\"",
  ],
  [
    "no reflector",
    `wan: a\nprobe: { reflectors: [] }\nshaper: ${TC}\n${RATES}`,
    ":2 'probe.reflectors': must have 1 to 16 entries: got []",
  ],
  [
    "a reflector twice",
    `wan: a\nprobe: { reflectors: [a, a] }\nshaper: ${TC}\n${RATES}`,
    `:2 'probe.reflectors': must not have duplicate entries: got ["a","a"]`,
  ],
  [
    "probes too dense",
    `wan: a\nprobe: { reflectors: [a], spacing_ms: 5 }\nshaper: ${TC}\n${RATES}`,
    ":2 'probe.spacing_ms': must be from 20 to 200: got 5",
  ],
  [
    "no device",
    `wan: a\nshaper: { upload_device: wan0 }\n${REST}`,
    ":2 'shaper.download_device': is required with backend tc",
  ],
  [
    "one device for both",
    `wan: a\nshaper: { upload_device: wan0, download_device: wan0 }\n${REST}`,
    `:2 'shaper.upload_device': must not be the same as download_device: got "wan0"`,
  ],
  [
    "a device no kernel can have",
    `wan: a\nshaper: { upload_device: a/device, download_device: i }\n${REST}`,
    `:2 'shaper.upload_device': must be a device name: up to 127 characters, no space and no slash: got "a/device"`,
  ],
  [
    "an overhead on top of nothing",
    `wan: a\nshaper: { upload_device: w, download_device: i, overhead_bytes: 44 }\n${REST}`,
    ":2 'shaper.overhead_bytes': needs a shaper.link other than raw: got 44",
  ],
  [
    "a rate with a unit",
    `wan: a\nshaper: ${TC}\n${PROBE}\ndownload: { floor_mbps: 20M, base_mbps: 150, ceiling_mbps: 240 }\nupload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }`,
    `:4 'download.floor_mbps': must be a number: got "20M"`,
  ],
  [
    "a rate in bit/s",
    `wan: a\nshaper: ${TC}\n${PROBE}\ndownload: { floor_mbps: 20, base_mbps: 150, ceiling_mbps: 240000000 }\nupload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }`,
    ":4 'download.ceiling_mbps': must be from 0.1 to 100000: got 240000000",
  ],
  [
    "rates out of order",
    `wan: a\nshaper: ${TC}\n${PROBE}\ndownload:\n  floor_mbps: 200\n  base_mbps: 150\n  ceiling_mbps: 240\nupload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }`,
    ":5 'download.floor_mbps': must be at most base_mbps (150): got 200",
  ],
  [
    "no upload",
    `wan: a\nshaper: ${TC}\n${PROBE}\ndownload: { floor_mbps: 2, base_mbps: 15, ceiling_mbps: 24 }`,
    " 'upload.base_mbps': is required",
  ],
  [
    "thresholds out of order",
    `wan: a\nshaper: ${TC}\nthresholds: { warn_bloat_ms: 90 }\n${REST}`,
    ":3 'thresholds.warn_bloat_ms': must be below hard_red_bloat_ms (80): got 90",
  ],
  [
    "a router without a password",
    `wan: a\nshaper: { backend: routeros, host: r, user: u, download_queue: d, upload_queue: e }\n${REST}`,
    ":2 'shaper.password_file': exactly one of password_env, password_file, credential must be given",
  ],
  [
    "a password in clear",
    `wan: a\nshaper: { backend: routeros, scheme: http, host: 10.0.0.1, user: u, password_file: /p, download_queue: d, upload_queue: e }\n${REST}`,
    `:2 'shaper.scheme': http sends the password in clear text: requires allow_plaintext: true unless the host is a loopback address: got "http"`,
  ],
  [
    "a variable that nobody set",
    `wan: \${WANCTL_NOBODY}\nshaper: ${TC}\n${REST}`,
    ":1 'wan': environment variable WANCTL_NOBODY is not set",
  ],
  [
    "a value where a group belongs",
    `wan: a\nlog: json\nshaper: ${TC}\n${REST}`,
    `:2 'log': must be a group of keys: format: got "json"`,
  ],
  [
    "a recorder for the world",
    "http: { listen: 0.0.0.0:9101 }",
    `:1 'http.listen': must be a loopback address unless token_env or token_file is set: got "0.0.0.0:9101"`,
  ],
  ["an empty file", "", ": must have keys: the file is empty"],
  [
    "a file of remarks",
    "# wan: a\n---\n",
    ": must have keys: the file is empty",
  ],
  [
    "no YAML",
    "wan: [",
    ":1: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
] as const;

const tc = (wan: string, device: string, probe = "") => `wan: ${wan}
probe: { reflectors: [1.1.1.1], ${probe} }
shaper: { upload_device: ${device}, download_device: ifb4${device} }
${RATES}`;

const router = (wan: string, queue: string, reflector: string) => `wan: ${wan}
probe: { reflectors: [${reflector}] }
shaper:
  { backend: routeros, host: 10.0.0.1, user: u, password_file: /p,
    download_queue: ${queue}-d, upload_queue: ${queue}-u }
${RATES}`;

/** Two files that are valid each, and what is said of the second. */
const CLASHES: readonly (readonly [
  string,
  string,
  string,
  readonly string[],
])[] = [
  [
    "one WAN twice",
    tc("a", "w0"),
    tc("a", "w1"),
    [
      `:1 'wan': is already the WAN of 1.yaml: only one controller per WAN: got "a"`,
    ],
  ],
  [
    "one pair of queues",
    tc("a", "w0", "interface: w0"),
    tc("b", "w0", "interface: w1"),
    [
      `:3 'shaper.download_device': is already used by 1.yaml: got "ifb4w0"`,
      `:3 'shaper.upload_device': is already used by 1.yaml: got "w0"`,
    ],
  ],
  [
    "one way for the probes of two lines",
    tc("a", "w0", "interface: w0"),
    tc("b", "w1", "interface: w0"),
    [
      `:2 'probe.interface': probes take the same path as those of 1.yaml: each controller must measure its own line: got "w0"`,
    ],
  ],
  [
    "one source address",
    tc("a", "w0", "source: 10.0.0.2"),
    tc("b", "w1", "source: 10.0.0.2"),
    [
      `:2 'probe.source': probes take the same path as those of 1.yaml: each controller must measure its own line: got "10.0.0.2"`,
    ],
  ],
  [
    "no way given for either",
    tc("a", "w0"),
    tc("b", "w1"),
    [
      `:2 'probe.interface': probes take the same path as those of 1.yaml: each controller must measure its own line`,
    ],
  ],
  [
    "one queue of a router",
    router("a", "x", "1.1.1.1"),
    router("b", "x", "9.9.9.9"),
    [
      `:5 'shaper.download_queue': is already used by 1.yaml: got "x-d"`,
      `:5 'shaper.upload_queue': is already used by 1.yaml: got "x-u"`,
    ],
  ],
  [
    "one reflector behind a router that cannot tell the lines apart",
    router("a", "x", "1.1.1.1"),
    router("b", "y", "1.1.1.1"),
    [
      `:2 'probe.interface': probes to 1.1.1.1 take the same path as those of 1.yaml: each controller must measure its own line`,
    ],
  ],
  [
    "lines told apart by the router",
    router("a", "x", "1.1.1.1"),
    router("b", "y", "9.9.9.9"),
    [],
  ],
  [
    "two lines, two ways",
    tc("a", "w0", "interface: w0"),
    tc("b", "w1", "interface: w1"),
    [],
  ],
  [
    "two recorders",
    "storage: { db_path: /x.db }",
    "storage:\n  db_path: /x.db",
    [
      `:2 'storage.db_path': is already the database of 1.yaml: got "/x.db"`,
      ` 'http.listen': is already the port of 1.yaml: got 9101`,
    ],
  ],
];

describe("wanctl check", () => {
  it("finds every example in config/ valid (CLI-03)", async () => {
    const folder = join(ROOT, "config");
    const names = readdirSync(folder);
    const ofDemo = names.filter((name) => name.startsWith("demo-"));
    const ofBed = ["bed.yaml"];
    const ofUse = names.filter((name) => ![...ofDemo, ...ofBed].includes(name));
    for (const group of [ofDemo, ofBed, ofUse]) {
      const files = group.map((name) => join(folder, name));
      const { code, out, err } = await wanctl("check", ...files);
      expect(err).to.equal("");
      expect(code).to.equal(0);
      for (const file of files)
        expect(out).to.match(
          new RegExp(
            `${file}: configuration OK \\((controller .+|recorder)\\)`,
          ),
        );
    }
  });

  describe("of bad files", () => {
    let ended: Ended;
    before(async () => {
      using folder = temporary();
      const files = BAD.map(([, yaml], i) => {
        const file = join(folder.path, `bad-${i}.yaml`);
        writeFileSync(file, yaml);
        return file;
      });
      ended = await wanctl("check", ...files);
    });

    it("exits 1, without a stack", () => {
      expect(ended).to.include({ code: 1, out: "" });
      expect(ended.err).not.to.include("    at ");
    });

    BAD.forEach(([mistake, , says], i) =>
      it(`names file, line, key, rule and value: ${mistake} (CLI-03)`, () =>
        expect(ended.err.split("\n")).to.include(
          `Cannot read bad-${i}.yaml${says}`,
        )),
    );
  });

  it("judges each file by itself, as JSON on demand", async () => {
    const good = join(ROOT, "config", "att.yaml");
    const { code, out } = await wanctl("check", "--json", good, "/none.yaml");
    expect(code).to.equal(1);
    const verdicts = JSON.parse(out) as { ok: boolean; file: string }[];
    expect(verdicts.map(({ ok, file }) => [ok, file])).to.deep.equal([
      [true, good],
      [false, "/none.yaml"],
    ]);
  });

  it("loads neither ZeroMQ nor SQLite", () => {
    const url = new URL("../../../cli/commands/check.js", import.meta.url).href;
    const script = `
      import { createRequire } from "node:module";
      const { check } = await import("${url}");
      await check(["${join(ROOT, "config", "recorder.yaml")}"], {});
      console.log(Object.keys(createRequire("${url}").cache).join("\\n"));`;
    const loaded = execFileSync(
      process.execPath,
      ["--input-type=module", "--eval", script],
      { encoding: "utf8" },
    );
    expect(loaded).to.include("convict");
    expect(loaded).not.to.match(/zeromq|better-sqlite3/);
  });
});

/** Reflectors that are no two witnesses, or none: the list, and what is said of each. */
const NO_WITNESSES = [
  ["1.1.1.1, 1.1.1.1:443", ['without a port: got "1.1.1.1:443"']],
  [
    "1.1.1.1, 01.1.1.1, 0x7f.1, '1.1'",
    ['got "01.1.1.1"', 'got "0x7f.1"', 'got "1.1"'],
  ],
  ["0.0.0.0", ["this one is not a host address"]],
  ["255.255.255.255", ["the broadcast address"]],
  [
    "127.0.0.1, 127.9.9.9, '::1', localhost., a.LOCALHOST",
    Array.from({ length: 5 }, () => "is this host itself"),
  ],
  [
    "224.0.0.1, 'ff02::1', 250.0.0.1, '::'",
    ["multicast", "multicast", "reserved", "not a host address"],
  ],
  ["192.0.2.7, '2001:db8::7'", ["documentation", "documentation"]],
  ["'::ffff:9.9.9.9'", ["cannot be pinged: write 9.9.9.9"]],
  ["1.1.1.1, '::ffff:101:101'", ["'1.1.1.1' is the same", "write 1.1.1.1"]],
  [
    "'2606:4700:4700::1111', '2606:4700:4700:0:0::1111', '2606:4700:4700:0000::1111'",
    ["is the same", "is the same"],
  ],
  [
    "one.one.one.one, ONE.one.one.one, one.one.one.one.",
    ["is the same", "is the same"],
  ],
] as const;

describe("wanctl check of reflectors", () => {
  it("CLI-03: refuses one host twice, and whom no ping reaches", async () => {
    using folder = temporary();
    for (const [i, [reflectors]] of NO_WITNESSES.entries())
      writeFileSync(
        join(folder.path, `${i}.yaml`),
        `wan: w${i}\nprobe: { reflectors: [${reflectors}], interface: i${i} }\nshaper: { upload_device: u${i}, download_device: d${i} }\n${RATES}`,
      );
    const { out, err } = await wanctl("check", folder.path);
    expect(out).to.equal("");
    const lines = err.trim().split("\n");
    for (const [i, [reflectors, says]] of NO_WITNESSES.entries()) {
      const mine = lines.filter((line) => line.includes(` ${i}.yaml:`));
      expect(mine, reflectors).to.have.lengthOf(says.length);
      for (const [at, words] of says.entries())
        expect(mine[at], reflectors).to.include(words);
    }
  });

  it("CLI-03: says nothing of those of a simulated line, nor of names and addresses that differ", async () => {
    using folder = temporary();
    const simulated = join(folder.path, "simulated.yaml");
    const real = join(folder.path, "real.yaml");
    writeFileSync(
      simulated,
      `wan: a\nprobe: { reflectors: [localhost, 127.0.0.1] }\nshaper: { backend: simulated }\n${RATES}`,
    );
    writeFileSync(
      real,
      `wan: b\nprobe: { reflectors: [10.0.0.1, 169.254.1.1, 'fe80::1%wan0', 'fe80::1%wan1', a.example, b] }\nshaper: ${TC}\n${RATES}`,
    );
    const { code, err } = await wanctl("check", simulated, real);
    expect(err).to.equal("");
    expect(code).to.equal(0);
  });
});

describe("wanctl check of everything at once", () => {
  const says = async (...texts: string[]) => {
    using folder = temporary();
    const files = texts.map((text, i) => {
      const file = join(folder.path, `${i}.yaml`);
      writeFileSync(file, text);
      return file;
    });
    const { err } = await wanctl("check", ...files);
    return err
      .trim()
      .split("\n")
      .map((line) => line.replace(/^Cannot read /, ""));
  };

  it("CLI-03: tells mistakes of every kind, between keys and between files, in one go", async () => {
    const lines = await says(
      tc("a", "w0"),
      `wan: a
wan: a
treshold: {}
preset: fiber
on_stop: \${WANCTL_NOBODY}
probe: { reflectors: [1.1.1.1:443, 0.0.0.0], spacing_ms: 5 }
shaper: { upload_device: w0, download_device: w0, rtt_ms: x }
log: json
download: { floor_mbps: 200, base_mbps: 150, ceiling_mbps: 240 }
upload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }`,
    );
    for (const words of [
      "1.yaml:2: Map keys must be unique",
      "'treshold': unknown key",
      "'preset': must be one of",
      "'on_stop': environment variable",
      "'probe.reflectors': must be a name or",
      "'probe.reflectors': must be hosts beyond the line",
      "'probe.spacing_ms': must be from 20",
      "'shaper.rtt_ms': must be a number",
      "'log': must be a group",
      "'download.floor_mbps': must be at most",
      "'shaper.upload_device': must not be the same as download_device",
      "'wan': is already the WAN of 0.yaml",
    ])
      expect(
        lines.filter((line) => line.includes(words)),
        words,
      ).to.have.lengthOf(1);
    expect(lines).to.have.lengthOf(12);
  });

  it("CLI-03: of a recorder's and a router's file too", async () => {
    const recorders = await says(
      "storage: { raw_hours: 400, max_mb: 1, event_days: x }\nhttp: { listen: '0.0.0.0:70000', token_env: 'a b' }",
    );
    for (const words of [
      "'storage.raw_hours': must be at most 168",
      "'storage.max_mb': must be from",
      "'storage.event_days': must be a number",
      "'http.token_env': must be the name of a variable",
      "'http.listen': must name a port",
    ])
      expect(recorders.join(), words).to.include(words);
    expect(recorders).to.have.lengthOf(5);
    const routers = await says(
      `wan: a\nshaper: { backend: routeros, host: 'a b', scheme: http, transport: rest_then_ssh, tls: { fingerprint_sha256: x } }\n${REST}`,
    );
    for (const key of [
      "host",
      "tls.fingerprint_sha256",
      "user",
      "download_queue",
      "upload_queue",
      "password_file",
      "ssh_key_file",
      "known_hosts_file",
    ])
      expect(
        routers.filter((line) => line.includes(`'shaper.${key}'`)),
        key,
      ).to.have.lengthOf(1);
    expect(routers).to.have.lengthOf(8);
  });

  it("CLI-03: says nothing that only follows from another mistake", async () => {
    expect(
      await says(
        `wan: a\nprobes: { reflectors: [1.1.1.1] }\nshaper: { upload_devise: wan0, download_device: d }\n${RATES}`,
      ),
    ).to.deep.equal([
      "0.yaml:2 'probes': unknown key, did you mean 'probe'",
      "0.yaml:3 'shaper.upload_devise': unknown key, did you mean 'upload_device'",
    ]);
    expect(
      await says(
        `wan: a\nshaper: { backend: tcc }\nthresholds: { warn_bloat_ms: x, target_bloat_ms: 900 }\n${REST}`,
      ),
    ).to.have.lengthOf(2);
    expect(await says("wan_name: a\nqueues: 5")).to.have.lengthOf(2);
  });
});

describe("wanctl check of several files", () => {
  for (const [what, first, second, says] of CLASHES)
    it(`${says.length === 0 ? "allows" : "refuses"} ${what} (CLI-03)`, async () => {
      using folder = temporary();
      writeFileSync(join(folder.path, "1.yaml"), first);
      writeFileSync(join(folder.path, "2.yaml"), second);
      writeFileSync(join(folder.path, "notes.txt"), "not for wanctl");
      const { code, out, err } = await wanctl("check", folder.path);
      expect(out).to.include("1.yaml: configuration OK");
      expect(err).to.equal(
        says.map((line) => `Cannot read 2.yaml${line}\n`).join(""),
      );
      expect(code).to.equal(says.length === 0 ? 0 : 1);
    });

  it("takes a file once that is named twice", async () => {
    const folder = join(ROOT, "config");
    const { code, out } = await wanctl(
      ...[
        "check",
        join(folder, "att.yaml"),
        join(folder, "..", "config", "att.yaml"),
      ],
    );
    expect(code).to.equal(0);
    expect(out.trim().split("\n")).to.have.lengthOf(1);
  });

  it("says so where a folder has nothing for it", async () => {
    using folder = temporary();
    const { code, err } = await wanctl("check", folder.path);
    expect(code).to.equal(1);
    expect(err).to.equal(
      `wanctl: Cannot check '${folder.path}': it has no .yaml file\n`,
    );
  });
});
