import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { loadRecorderConfig } from "../../recorder/config.js";
import { temporaryFolder } from "./temporary.js";

describe("loadRecorderConfig()", () => {
  const folder = temporaryFolder();
  const load = (yaml: string) => {
    const file = join(folder.path, "recorder.yaml");
    writeFileSync(file, yaml);
    return loadRecorderConfig(file).values;
  };

  it("needs no key at all (STOR-01)", () =>
    expect(load("")).to.deep.equal({
      dbPath: "/var/lib/wanctl/metrics.db",
      logFormat: "text",
    }));

  it("reads every key", () =>
    expect(
      load("storage: { db_path: /srv/h.db }\nlog: { format: json }"),
    ).to.deep.equal({ dbPath: "/srv/h.db", logFormat: "json" }));

  it("takes a relative path from the working directory", () =>
    expect(load("storage: { db_path: h.db }").dbPath).to.equal(
      resolve("h.db"),
    ));

  for (const [yaml, message] of [
    [
      "storage:\n  db_pth: x",
      "Cannot read recorder.yaml:2 'storage.db_pth': unknown key, did you mean 'db_path'",
    ],
    [
      "storage: { db_path: '' }",
      "Cannot read recorder.yaml:1 'storage.db_path': must be a text: got \"\"",
    ],
    [
      "log: { format: xml }",
      "Cannot read recorder.yaml:1 'log.format': must be one of text, json: got \"xml\"",
    ],
  ] as const)
    it(`refuses ${JSON.stringify(yaml)}`, () =>
      expect(() => load(yaml)).to.throw(message));
});
