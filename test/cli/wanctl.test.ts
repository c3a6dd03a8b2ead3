import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, temporary, wanctl, widest, type Ended } from "./bin.js";

const COMMANDS = [
  ...["controller", "recorder", "tap", "history", "status", "check", "demo"],
  ...["qdisc", "qdisc up", "qdisc down", "qdisc show"],
];

describe("wanctl", () => {
  it("prints its version", async () => {
    const { version } = JSON.parse(
      readFileSync(join(ROOT, "package.json"), "utf8"),
    ) as { version: string };
    expect(await wanctl("--version")).to.include({
      code: 0,
      out: `${version}\n`,
    });
  });

  for (const command of [[], ...COMMANDS.map((name) => name.split(" "))])
    it(`${command.join(" ")} --help fits 80 columns and has an example`, async () => {
      const { code, out } = await wanctl(...command, "--help");
      expect(code).to.equal(0);
      expect(widest(out)).to.be.at.most(80);
      expect(out).to.include("Example:\n  wanctl ");
    });

  for (const [args, says] of [
    [[], "Usage: wanctl"],
    [["chekc"], "Did you mean check?"],
    [["tap", "--jsn"], "Did you mean --json?"],
    [["qdisc"], "Usage: wanctl qdisc"],
    [["qdisc", "up"], "required option '--config <file>' not specified"],
    [["controller"], "required option '--config <file>' not specified"],
    [["check"], "missing required argument 'file'"],
    [["demo", "--seconds", "-1"], "Must be a number above 0"],
  ] as const)
    it(`calls "${args.join(" ")}" a bad command line, exit code 2`, async () => {
      const { code, err } = await wanctl(...args);
      expect(code).to.equal(2);
      expect(err).to.include(says);
    });

  for (const program of ["controller", "recorder"])
    it(`${program} says in one line what is wrong with its file, exit code 1`, async () => {
      expect(await wanctl(program, "--config", "/none.yaml")).to.deep.equal({
        code: 1,
        out: "",
        err: "wanctl: Cannot read /none.yaml: no such file\n",
      });
    });

  it("says in one line that a run folder is too long, exit code 1", async () => {
    const { code, err } = await wanctl("tap", "--run-dir", "x".repeat(90));
    expect(code).to.equal(1);
    expect(err).to.match(/^wanctl: Cannot use run folder .*\n$/);
  });
});

describe("wanctl check", () => {
  it("finds every example in config/ valid (CLI-03)", async () => {
    const folder = join(ROOT, "config");
    const files = readdirSync(folder).map((name) => join(folder, name));
    const { code, out, err } = await wanctl("check", ...files);
    expect(err).to.equal("");
    expect(code).to.equal(0);
    for (const file of files)
      expect(out).to.include(`${file}: configuration OK (`);
    expect(out).to.include(
      "spectrum.yaml: configuration OK (controller spectrum)",
    );
    expect(out).to.include("/recorder.yaml: configuration OK (recorder)");
  });

  const BAD = [
    [
      "names file, line, key, rule and value (CLI-03)",
      "wan: Spectrum\nprobe: { reflectors: [a] }",
      `:1 'wan': must match ^[a-z][a-z0-9-]{0,30}$: got "Spectrum"`,
    ],
    [
      "suggests the key that was meant (CLI-03)",
      "wan: a\ntreshold: {}",
      ":2 'treshold': unknown key, did you mean 'thresholds'",
    ],
    [
      "takes a controller's file without a name for one",
      "shaper: { backend: tc }",
      " 'wan': is required",
    ],
    [
      "takes any other file for the recorder's",
      "storag: {}",
      ":1 'storag': unknown key, did you mean 'storage'",
    ],
    [
      "says where storage belongs (STOR-01)",
      "wan: a\nstorage: { db_path: /tmp/x.db }",
      ":2 'storage': unknown key here: it belongs in the recorder's file, recorder.yaml",
    ],
    ["survives what is no YAML", "wan: [", ":1: "],
  ] as const;

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

    BAD.forEach(([claim, , says], i) =>
      it(claim, () =>
        expect(ended.err).to.include(`Cannot read bad-${i}.yaml${says}`),
      ),
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
    const url = new URL("../../cli/check.js", import.meta.url).href;
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
