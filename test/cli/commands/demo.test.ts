import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Database } from "../../../recorder/store/connection.js";
import { start, type Started, temporary, until, wanctl } from "../bin.js";

/** Processes whose command line names this text. */
const processesOf = (text: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number);

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended meanwhile
  }
}

describe("wanctl demo", function () {
  let folder: ReturnType<typeof temporary>;
  let demo: Started;

  beforeEach(() => {
    folder = temporary();
    demo = start("demo", "--dir", folder.path);
  });
  afterEach(async () => {
    demo.process.kill("SIGKILL");
    await demo.ended;
    await until(() => processesOf(folder.path).length === 0);
    folder[Symbol.dispose]();
  });

  const isShown = () => /\natt .*\n.*\nspectrum /.test(demo.out());

  it("runs everything, records both WANs, and leaves nothing behind at Ctrl-C (OPS-02)", async () => {
    await until(isShown);
    const run = join(folder.path, "run");
    expect((await wanctl("status", "--run-dir", run)).code).to.equal(0);

    const second = await wanctl("demo", "--dir", folder.path);
    expect(second.code).to.equal(1);
    expect(second.err).to.match(/^wanctl: Cannot start .*already running.*\n$/);

    demo.process.kill("SIGINT");
    const { code, err } = await demo.ended;
    expect({ code, err }).to.deep.equal({ code: 0, err: "" });
    expect(processesOf(folder.path)).to.deep.equal([]);

    const db = new Database(join(folder.path, "metrics.db"), {
      readonly: true,
    });
    const rows = db
      .prepare(
        `select wan_name, count(*) as n from metrics
         where metric_name = 'wanctl_rtt_ms' and timestamp_ms > 0 group by 1`,
      )
      .all() as { wan_name: string; n: number }[];
    const stops = db
      .prepare("select count(*) as n from events where kind = 'stopping'")
      .get() as { n: number };
    db.close();
    expect(rows.map((row) => row.wan_name)).to.deep.equal(["att", "spectrum"]);
    for (const { n } of rows) expect(n).to.be.above(10);
    expect(stops.n).to.equal(2); // the recorder stops last
  });

  it("stops, exit code 1, when one of its processes ends by itself", async () => {
    await until(isShown);
    const [controller] = processesOf("att.yaml").filter((pid) =>
      commandLine(String(pid)).includes(folder.path),
    );
    process.kill(controller!, "SIGKILL");
    const { code, err } = await demo.ended;
    expect(code).to.equal(1);
    expect(err).to.match(
      /^wanctl: Cannot continue the demo: 'att' ended by itself \(signal SIGKILL\)/,
    );
    expect(processesOf(folder.path)).to.deep.equal([]);
  });

  it("refuses a folder in which nothing can be made", async () => {
    for (const dir of ["/proc/foo", "/dev/null/x", "/sys"]) {
      const { code, err } = await wanctl("demo", "--dir", dir);
      expect(code, dir).to.equal(1);
      expect(err).to.match(/^wanctl: Cannot use demo folder .*\n$/);
    }
  });

  it("leaves no process behind when it is killed itself", async () => {
    await until(isShown);
    demo.process.kill("SIGKILL");
    await demo.ended;
    await until(() => processesOf(folder.path).length === 0);
  });
});
