import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { loadControllerConfig } from "../../controller/config/config.js";
import { PRESET_NAMES } from "../../controller/law/tuning.js";
import { temporaryFolder } from "../recorder/temporary.js";
import { BIN, until } from "./bin.js";
import { standInHost } from "./stand-in-host.js";

/** What is asked, in order, by how it begins. */
const ASKED = {
  device: "WAN device",
  name: "Name of the WAN",
  kind: "Kind of line",
  download: "Nominal download rate",
  upload: "Nominal upload rate",
};

const CTRL_C = "\x03";
const CTRL_D = "\x04";

/** The real program at a terminal of its own, which `script` makes. */
class Terminal {
  said = "";
  readonly ended: Promise<number | null>;
  private heard = 0;
  private readonly child;
  constructor(folder: string) {
    const words = [process.execPath, BIN, "setup", "--to", folder];
    this.child = spawn("script", ["-qfec", words.join(" "), "/dev/null"], {
      env: { ...process.env, TERM: "dumb" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.child.stdout.on("data", (part: Buffer) => (this.said += String(part)));
    this.ended = once(this.child, "close").then(
      ([code]) => code as number | null,
    );
  }

  /** Waits until it is asked once more, and types. */
  async answer(question: string, typed: string): Promise<void> {
    await until(() => this.said.indexOf(question, this.heard) >= 0);
    this.heard = this.said.indexOf(question, this.heard) + question.length;
    this.child.stdin.write(typed);
  }
}

describe("wanctl setup at a terminal", function () {
  before(function () {
    if (spawnSync("script", ["--version"]).status === 0) return;
    if (process.env["CI"] === "true") throw new Error("no 'script'");
    this.skip();
  });
  const folder = temporaryFolder();
  standInHost(folder);
  const etc = () => join(folder.path, "etc");
  const file = () => join(etc(), "cable.yaml");

  it("writes what was answered, and asks again after rubbish", async () => {
    const at = new Terminal(etc());
    await at.answer(ASKED.device, "no such/device\r");
    await at.answer("must be a device of this host", "");
    await at.answer(ASKED.device, "eth7\r");
    await at.answer(ASKED.name, "../../etc/passwd\r");
    await at.answer("must be up to 31", "");
    await at.answer(ASKED.name, "recorder\r");
    await at.answer("must not be recorder", "");
    await at.answer(ASKED.name, "cable\r");
    await at.answer(ASKED.kind, "dialup\r");
    await at.answer(`must be one of ${PRESET_NAMES.join(", ")}`, "");
    await at.answer(ASKED.kind, "vdsl\r");
    for (const rubbish of ["", "fast", "-5", "1e9", "0", "5 or so", "[A"]) {
      await at.answer(ASKED.download, `${rubbish}\r`);
      await at.answer("must be a number from 0.5 to 100000", "");
    }
    await at.answer(ASKED.download, " 100 \r");
    await at.answer(ASKED.upload, "20.5\r");
    expect(await at.ended, at.said).to.equal(0);
    const { policy, shaper } = loadControllerConfig(file()).values;
    expect(shaper).to.deep.include({
      devices: { download: "ifb4eth7", upload: "eth7" },
    });
    expect(policy.limits.upload.ceilingBps).to.equal(20.5e6);
    expect(policy.limits.download.ceilingBps).to.equal(100e6);
    expect(existsSync(join(etc(), "recorder.yaml"))).to.equal(true);
  });

  it("writes nothing after Ctrl-C or Ctrl-D, at any question", async () => {
    const answers = [
      [ASKED.device, "eth7\r"],
      [ASKED.name, "cable\r"],
      [ASKED.kind, "\r"],
      [ASKED.download, "100\r"],
      [ASKED.upload, ""],
    ] as const;
    await Promise.all(
      answers.map(async ([question], place) => {
        const at = new Terminal(etc());
        for (const [each, typed] of answers.slice(0, place))
          await at.answer(each, typed);
        await at.answer(question, place % 2 === 0 ? CTRL_C : CTRL_D);
        expect(await at.ended, at.said).to.equal(1);
        expect(at.said).to.include("no answer: nothing was written");
      }),
    );
    expect(existsSync(etc())).to.equal(false);
  });

  it("never writes over a file that is there", async () => {
    const at = new Terminal(folder.path);
    const there = join(folder.path, "cable.yaml");
    writeFileSync(there, "mine");
    await at.answer(ASKED.device, "eth7\r");
    await at.answer(ASKED.name, "cable\r");
    expect(await at.ended, at.said).to.equal(1);
    expect(at.said).to.include(`Cannot write '${there}': it exists already`);
    expect(readFileSync(there, "utf8")).to.equal("mine");
    expect(existsSync(join(folder.path, "recorder.yaml"))).to.equal(false);
  });
});
