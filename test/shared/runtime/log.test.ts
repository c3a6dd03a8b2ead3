import { spawnSync } from "node:child_process";
import { fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { temporaryFolder } from "../../recorder/temporary.js";

const LOG = new URL("../../../shared/runtime/log.js", import.meta.url).href;

/** A process that says one line at each level, in the format of its moment. */
const SCRIPT = `
  const { openLog } = await import(${JSON.stringify(LOG)});
  let format = "text";
  const log = openLog("cable", () => format);
  log.info("started", { db: "/x", port: 1 });
  log.warn("router_lost", { cause: "no \\"such\\" device", none: null });
  format = "json";
  log.error("broken");
`;

describe("openLog()", () => {
  const folder = temporaryFolder();

  function lines(journal: (file: number) => string | undefined): string[] {
    const path = join(folder.path, "stderr");
    const file = openSync(path, "w");
    const stream = journal(file);
    spawnSync(process.execPath, ["--input-type=module", "-e", SCRIPT], {
      stdio: ["ignore", "ignore", file],
      env: {
        ...process.env,
        ...(stream === undefined ? {} : { JOURNAL_STREAM: stream }),
      },
    });
    return readFileSync(path, "utf8").trimEnd().split("\n");
  }

  it("says an event in words, or as JSON from the moment that is asked for", () => {
    const [info = "", warn = "", error = ""] = lines(() => undefined);
    expect(info).to.match(/^\d\d:\d\d:\d\d info cable started db=\/x port=1$/);
    expect(warn).to.match(
      /warn cable router_lost cause="no \\"such\\" device" none=null$/,
    );
    expect(JSON.parse(error)).to.include({
      level: "error",
      name: "cable",
      event: "broken",
    });
  });

  it("gives the journal each line's priority (OPS-01)", () => {
    const marked = lines((file) => {
      const { dev, ino } = fstatSync(file);
      return `${dev}:${ino}`;
    });
    expect(marked.map((line) => line.slice(0, 3))).to.deep.equal([
      "<6>",
      "<4>",
      "<3>",
    ]);
  });

  it("gives none where stderr leads elsewhere, whatever was inherited", () => {
    const [info] = lines(() => "1:1");
    expect(info).not.to.match(/^</);
  });
});
