import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { temporary } from "../../cli/bin.js";

/** Opens the database as somebody who is not root; says why it cannot. */
const OPENER = `
  process.setgid("nogroup");
  process.setuid("nobody");
  const { openDatabase } = await import(process.argv[1]);
  try { openDatabase(process.argv[2], Date.now()).close(); }
  catch (error) { console.log(error.message); }
`;
const DATABASE = new URL(
  "../../../recorder/store/database.js",
  import.meta.url,
);

function whyNot(path: string): string {
  const args = ["--input-type=module", "-e", OPENER, DATABASE.href, path];
  // a coverage folder is not for everybody
  const env = { ...process.env, NODE_V8_COVERAGE: undefined };
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env,
  });
  expect(stderr).to.equal("");
  return stdout.trim();
}

describe("a place for the database that is another user's (STOR-01)", function () {
  before(function () {
    if (process.getuid?.() === 0) return;
    if (process.env["CI"] === "true") throw new Error("not root");
    this.skip();
  });

  for (const [what, prepare] of [
    ["a folder", (folder: string) => mkdirSync(folder)],
    [
      "a folder and a file in it",
      (folder: string) => {
        mkdirSync(folder);
        writeFileSync(join(folder, "metrics.db"), "", { mode: 0o600 });
      },
    ],
    [
      "a file",
      (folder: string) => {
        mkdirSync(folder);
        execFileSync("chown", ["nobody:", folder]);
        writeFileSync(join(folder, "metrics.db"), "", { mode: 0o600 });
      },
    ],
    ["the folder above it", () => undefined],
  ] as const)
    it(`the error of ${what} has the command that mends it`, () => {
      using top = temporary();
      chmodSync(top.path, 0o755);
      chownSync(top.path, 0, 0);
      const folder = join(top.path, "it's here");
      prepare(folder);
      const path = join(folder, "metrics.db");
      const why = whyNot(path);
      expect(why).to.match(
        /^Cannot open database '.*': file and folder must be writable: got EACCES: run ".*" as root, or set storage.db_path$/,
      );
      const [, command = ""] = /run "(.*)" as root/.exec(why) ?? [];
      execFileSync("sh", ["-ec", command]);
      expect(whyNot(path)).to.equal("");
    });
});
