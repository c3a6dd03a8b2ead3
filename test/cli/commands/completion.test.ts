import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { wanctl } from "../bin.js";

/** What bash offers after these words, the last of them unfinished. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const name = words[0] === "wanctl-history" ? "_wanctl_history" : "_wanctl";
  const { out: script } = await wanctl("completion", "bash");
  const asked = `${script}
    COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length - 1}
    ${name}; echo "\${COMPREPLY[@]}"`;
  const { stdout } = spawnSync("bash", ["-c", asked], { encoding: "utf8" });
  return stdout.trim().split(" ");
}

describe("wanctl completion", () => {
  it("offers programs, then their options", async () => {
    expect(await offered("wanctl", "st")).to.deep.equal(["status"]);
    expect(await offered("wanctl", "tap", "--k")).to.deep.equal(["--kind"]);
    expect(await offered("wanctl", "status", "--")).to.include("--json");
    expect(await offered("wanctl", "history", "--su")).to.deep.equal([
      "--summary",
    ]);
    expect(await offered("wanctl-history", "--su")).to.deep.equal([
      "--summary",
    ]);
  });

  it("offers the commands of a group, then their options", async () => {
    expect(await offered("wanctl", "migrate", "h")).to.deep.equal(["history"]);
    expect(await offered("wanctl", "config", "")).to.include("show");
    expect(await offered("wanctl", "qdisc", "up", "--f")).to.deep.equal([
      "--force",
    ]);
    expect(
      await offered("wanctl", "migrate", "history", "old.db", "--t"),
    ).to.deep.equal(["--to"]);
    expect(await offered("wanctl", "check", "conf")).to.deep.equal([""]);
  });

  it("knows bash and zsh, and no other", async () => {
    expect((await wanctl("completion", "zsh")).out).to.match(
      /^#compdef wanctl wanctl-history\n/,
    );
    expect((await wanctl("completion", "fish")).code).to.equal(2);
  });
});
