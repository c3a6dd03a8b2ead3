import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { demandWritable, makeFolder } from "../../../shared/runtime/files.js";

describe("folders and places for results", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "wanctl-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("makes a folder and those above it, whatever is there already", () => {
    const path = join(folder, "a/b/c");
    for (let i = 0; i < 2; i++) makeFolder(path, 0o700);
    expect(statSync(path).mode & 0o7777).to.equal(0o700);
  });

  it("gives up below a file, and where no folder can be made", () => {
    writeFileSync(join(folder, "file"), "");
    for (const [path, code] of [
      [join(folder, "file"), "EEXIST"],
      [join(folder, "file/a/b"), "ENOTDIR"],
      ["/proc/a/b", "ENOENT"],
    ] as const)
      expect(() => makeFolder(path), path).to.throw(new RegExp(`^${code}`));
  });

  it("tries a place before the work, and keeps what is there", () => {
    const file = join(folder, "report.html");
    writeFileSync(file, "old");
    demandWritable(file);
    expect(statSync(file).size).to.equal(3);
    for (const place of [folder, join(folder, "none/report.html"), "/proc/r"])
      expect(() => demandWritable(place)).to.throw(
        `Cannot write '${place}': E`,
      );
  });
});
