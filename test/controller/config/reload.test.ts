import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { RELOADABLE_KEYS } from "../../../controller/config/reload.js";
import { CONTROLLER_SCHEMA } from "../../../controller/config/schema.js";
import { keysOf } from "../../../shared/config/keys.js";
import { askHealth } from "../../../shared/runtime/health.js";
import { runFolder } from "../../../shared/runtime/paths.js";
import { start, type Started, temporary, until } from "../../cli/bin.js";
import { readRows } from "../../recorder/temporary.js";

const controllerFile = (ceiling: number, wan = "cable") => `
wan: ${wan}
probe: { reflectors: [one, two, three, four] }
shaper: { backend: simulated }
download: { floor_mbps: 20, base_mbps: 100, ceiling_mbps: ${ceiling} }
upload: { floor_mbps: 3, base_mbps: 15, ceiling_mbps: 24 }
`;

const recorderFile = (folder: string, days: number) =>
  `storage: { db_path: ${folder}/metrics.db, retention_days: ${days} }\nhttp: { listen: off }`;

type Tree = Record<string, unknown>;
const changed = (
  tree: Tree,
  [name = "", ...rest]: readonly string[],
  value: unknown,
): Tree => ({
  ...tree,
  [name]:
    rest.length === 0
      ? value
      : changed((tree[name] ?? {}) as Tree, rest, value),
});

/** Each key that may change, and another value. A new such key needs a row. */
const OTHER: Readonly<Record<string, unknown>> = {
  "download.floor_mbps": 101,
  "download.base_mbps": 102,
  "download.ceiling_mbps": 103,
  "download.target_bloat_ms": 13,
  "download.warn_bloat_ms": 47,
  "download.hard_red_bloat_ms": 82,
  "upload.floor_mbps": 16,
  "upload.base_mbps": 17,
  "upload.ceiling_mbps": 18,
  "upload.target_bloat_ms": 13,
  "upload.warn_bloat_ms": 47,
  "thresholds.target_bloat_ms": 12,
  "thresholds.warn_bloat_ms": 46,
  "thresholds.hard_red_bloat_ms": 81,
  preset: "lte",
  on_stop: "ceiling",
  "log.format": "json",
};

const count = (text: string, word: string) => text.split(word).length - 1;

describe("a configuration that is read again at SIGHUP (DATA-04)", () => {
  const folder = temporary();
  const { path } = folder;
  const run = runFolder(join(path, "run"));
  const write = (name: string, text: string) =>
    writeFileSync(join(path, name), text);
  const begin = async (program: string, name: string) => {
    const file = join(path, name);
    const child = start(program, "--config", file, "--run-dir", run.root);
    await until(() => child.err().includes("started"));
    return child;
  };
  let recorder: Started;
  let controller: Started;

  before(async () => {
    write("recorder.yaml", recorderFile(path, 7));
    write("cable.yaml", controllerFile(240));
    recorder = await begin("recorder", "recorder.yaml");
    controller = await begin("controller", "cable.yaml");
  });
  after(() => {
    recorder.process.kill("SIGKILL");
    controller.process.kill("SIGKILL");
    folder[Symbol.dispose]();
  });

  /** Hangs up, and waits until a line more than before says this. */
  async function hangUp(child: Started, word: string): Promise<void> {
    const before = count(child.err(), word);
    child.process.kill("SIGHUP");
    await until(() => count(child.err(), word) > before);
  }
  const reasons = async (socket: string) =>
    (await askHealth(socket))?.reasons ?? [];

  it("is in force from the next beat on, and a wrong one is not, with a reason", async () => {
    write("cable.yaml", controllerFile(100));
    await hangUp(controller, "reloaded changed=download.ceiling_mbps");
    for (;;) {
      const health = await askHealth(run.wanHealth("cable"));
      const { wantedKbps } = health?.["download"] as { wantedKbps: number };
      if (wantedKbps <= 100_000) break;
    }

    write("cable.yaml", controllerFile(50));
    await hangUp(controller, "config_refused");
    expect(await reasons(run.wanHealth("cable"))).to.deep.equal([
      "configuration: Cannot read cable.yaml:5 'download.base_mbps': must be at most ceiling_mbps (50): got 100",
    ]);

    write("cable.yaml", controllerFile(120, "vdsl"));
    await hangUp(controller, "needs a restart to change wan");

    write("cable.yaml", controllerFile(120));
    await hangUp(controller, "reloaded");
    expect(await reasons(run.wanHealth("cable"))).to.be.empty;
  });

  it("changes every key that may change, and what uses them follows", async () => {
    const reloadable = keysOf(CONTROLLER_SCHEMA)
      .map(({ key }) => key)
      .filter((key) => RELOADABLE_KEYS.test(key));
    expect(Object.keys(OTHER)).to.have.members(reloadable);
    const file = parse(controllerFile(120)) as Tree;
    const other = Object.entries(OTHER).reduce(
      (tree, [key, value]) => changed(tree, key.split("."), value),
      file,
    );
    write("cable.yaml", stringify(other));
    await hangUp(controller, '"reloaded"');
    const told = controller
      .err()
      .split("\n")
      .find((line) => line.includes('"reloaded"'));
    for (const key of reloadable) expect(told).to.include(key);
    const rates = async (direction: "download" | "upload") =>
      (
        (await askHealth(run.wanHealth("cable")))?.[direction] as
          { wantedKbps: number } | undefined
      )?.wantedKbps ?? NaN;
    for (const [direction, least, most] of [
      ["download", 101_000, 103_000],
      ["upload", 16_000, 18_000],
    ] as const)
      for (;;) {
        const kbps = await rates(direction);
        if (kbps >= least && kbps <= most) break;
      }
    write("cable.yaml", controllerFile(120));
    await hangUp(controller, "reloaded");
  });

  it("is the recorder's too", async () => {
    write("recorder.yaml", recorderFile(path, 3));
    await hangUp(recorder, "reloaded changed=storage.retention_days");
    write("recorder.yaml", recorderFile("/elsewhere", 3));
    await hangUp(recorder, "config_refused");
    expect(await reasons(run.recorderHealth)).to.deep.equal([
      "configuration: Cannot reload: needs a restart to change storage.db_path: the previous configuration stays in force",
    ]);
  });

  it("stands in the history, as it was at the start and after each reload", async () => {
    controller.process.kill("SIGTERM");
    await controller.ended;
    recorder.process.kill("SIGTERM");
    await recorder.ended;
    const found = readRows(
      join(path, "metrics.db"),
      "select wan_name, details from events where kind = 'config' order by timestamp_ms",
    ).map(({ wan_name: name, details }) => {
      const { trigger, config } = JSON.parse(String(details)) as {
        trigger: string;
        config: {
          download?: { ceiling_mbps: number };
          storage?: { retention_days: number };
        };
      };
      const value =
        config.download?.ceiling_mbps ?? config.storage?.retention_days;
      return `${String(name)} ${trigger} ${value}`;
    });
    expect([...new Set(found)]).to.have.members([
      "recorder start 7",
      "cable start 240",
      "cable reload 100",
      "cable reload 120",
      "cable reload 103",
      "recorder reload 3",
    ]);
  });
});
