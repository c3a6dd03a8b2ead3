import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { effective, type Page } from "../../../cli/commands/config.js";
import { temporaryFolder } from "../../recorder/temporary.js";
import { ROOT, wanctl, widest } from "../bin.js";

const RATES = "{ floor_mbps: 20, base_mbps: 150, ceiling_mbps: 240 }";

describe("wanctl config show", () => {
  const folder = temporaryFolder();
  const pageOf = (yaml: string): Page => {
    const file = join(folder.path, "wan.yaml");
    writeFileSync(file, yaml);
    return effective(file);
  };
  const shown = (page: Page, key: string) => {
    const { value, origin } = page.keys.find((one) => one.key === key)!;
    return { value, origin };
  };
  const line = (line: number, isFromEnvironment = false) => ({
    kind: "file" as const,
    line,
    isFromEnvironment,
  });

  const CABLE = `wan: cable
preset: lte
probe: { reflectors: ["\${WANCTL_NONE:-10.0.0.1}"] }
shaper:
  { download_device: ifb0, upload_device: wan0, link: docsis }
download: ${RATES}
upload: { floor_mbps: 2, base_mbps: 15, ceiling_mbps: 24, warn_bloat_ms: 60 }
thresholds:
  warn_bloat_ms: 50
`;

  for (const [key, value, origin] of [
    ["wan", "cable", line(1)],
    ["probe.reflectors", ["10.0.0.1"], line(3, true)],
    ["probe.spacing_ms", 50, { kind: "default" }],
    ["probe.source", null, { kind: "default" }],
    ["shaper.link", "docsis", line(5)],
    ["shaper.overhead_bytes", 18, { kind: "derived", from: "shaper.link" }],
    ["shaper.mpu_bytes", 64, { kind: "derived", from: "shaper.link" }],
    ["thresholds.target_bloat_ms", 30, { kind: "derived", from: "preset" }],
    ["download.target_bloat_ms", 30, { kind: "derived", from: "preset" }],
    [
      "download.warn_bloat_ms",
      50,
      { kind: "derived", from: "thresholds.warn_bloat_ms" },
    ],
    ["upload.warn_bloat_ms", 60, line(7)],
    [
      "download.hard_red_bloat_ms",
      80,
      { kind: "derived", from: "thresholds.hard_red_bloat_ms" },
    ],
  ] as const)
    it(`says where ${key} comes from (CLI-03)`, () =>
      expect(shown(pageOf(CABLE), key)).to.deep.equal({ value, origin }));

  it("follows what a router's keys follow from (CLI-03)", () => {
    const page = pageOf(`wan: cable
probe: { reflectors: [10.0.0.1] }
shaper: { backend: routeros, host: r, user: u, password_env: HUNTER, queue: simple, download_queue: q }
download: ${RATES}
upload: ${RATES}`);
    expect(shown(page, "shaper.port")).to.deep.equal({
      value: 443,
      origin: { kind: "derived", from: "shaper.scheme" },
    });
    expect(shown(page, "shaper.upload_queue").value).to.equal("q");
    expect(JSON.stringify(page)).not.to.include("HUNTER");
  });

  it("says what the recorder keeps for how long (CLI-03)", () => {
    const page = pageOf("storage: { retention_days: 1 }");
    expect(page.program).to.equal("recorder");
    expect(shown(page, "storage.raw_hours")).to.deep.equal({
      value: 24,
      origin: { kind: "derived", from: "storage.retention_days" },
    });
  });

  it("prints the examples at 80 columns, and as JSON", async () => {
    const file = join(ROOT, "config", "spectrum.yaml");
    const { code, out } = await wanctl("config", "show", file);
    expect(code).to.equal(0);
    expect(widest(out.split("\n").slice(1).join("\n"))).to.be.at.most(80);
    expect(out).to.match(/^ {2}upload\.target_bloat_ms +20 +line 38$/m);
    expect(out).not.to.include("null");
    const json = await wanctl("config", "show", "--json", file);
    expect((JSON.parse(json.out) as Page[])[0]!.keys).to.deep.include({
      key: "shaper.host",
      value: null,
      origin: { kind: "default" },
    });
  });

  it("says what is wrong with a file", async () => {
    const { code, err } = await wanctl("config", "show", "/none.yaml");
    expect(code).to.equal(1);
    expect(err).to.equal("wanctl: Cannot read /none.yaml: no such file\n");
  });
});
