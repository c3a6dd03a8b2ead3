import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, wanctl, widest } from "./bin.js";

const COMMANDS = [
  ...["controller", "recorder", "tap", "history", "status", "check", "demo"],
  ...["qdisc", "qdisc up", "qdisc down", "qdisc show"],
  ...["config", "config show", "migrate"],
  ...["migrate config", "migrate history", "setup", "version", "completion"],
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

  for (const args of [
    ["chekc"],
    ["frobnicate"],
    ["tap", "--jsn"],
    ["qdisc", "upp"],
    ["qdisc", "up"],
    ["completion"],
    ["history", "--last", "yesterdy"],
    ["status", "--run-dir", "x".repeat(90)],
  ])
    it(`begins every error as the others, and shows the way: ${args.join(" ")}`, async () => {
      const { code, out, err } = await wanctl(...args);
      expect(err).to.match(/^wanctl: /);
      expect(out).to.equal("");
      if (code === 2) expect(err).to.include("(see 'wanctl --help')");
    });

  it("has help and version as commands, too", async () => {
    const { version } = JSON.parse(
      readFileSync(join(ROOT, "package.json"), "utf8"),
    ) as { version: string };
    expect(await wanctl("version")).to.include({
      code: 0,
      out: `${version}\n`,
    });
    for (const [words, flags] of [
      [["help"], ["--help"]],
      [
        ["help", "tap"],
        ["tap", "--help"],
      ],
      [
        ["help", "qdisc"],
        ["qdisc", "--help"],
      ],
      [
        ["qdisc", "help", "up"],
        ["qdisc", "up", "--help"],
      ],
    ] as const)
      expect(await wanctl(...words)).to.deep.equal(await wanctl(...flags));
    expect((await wanctl("help")).out).to.include("completion");
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
