import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openActuator } from "../../../../controller/shapers/actuator.js";
import type { Shaper } from "../../../../controller/shapers/shaper.js";
import { TC_PACE } from "../../../../controller/shapers/tc/pace.js";
import { openTc } from "../../../../controller/shapers/tc/tc.js";
import { systemClock } from "../../../../shared/runtime/clock.js";
import { openStandIns, type StandIns } from "../../../fakes/stand-in.js";
import { until } from "../../../fakes/until.js";

/**
 * A tc that keeps each device's CAKE bandwidth (kbit) in a file, logs what it is told, and refuses, hangs or dies while
 * a file of that name stands there. The network suites run the real one.
 */
const TC = `
cd "$(dirname "$0")"
while read -r object verb _ device rest; do
  n=$((n + 1))
  [ -e dies ] && exit 7
  while [ -e hangs ]; do sleep 0.05; done
  case "$object $verb" in
    "qdisc change")
      kbit=\${rest##* }; kbit=\${kbit%kbit}
      echo "$device $kbit" >> log
      if [ ! -e $device ]; then printf 'Cannot find device "%s"\\nCommand failed -:%s\\n' $device $n >&2
      elif [ -e refuses ]; then echo "RTNETLINK answers: Operation not permitted" >&2; else echo $kbit > $device; fi;;
    "class show") echo "[]";;
    "qdisc show")
      if [ -e $device ]
      then echo "[{\\"kind\\":\\"cake\\",\\"handle\\":\\"$(cat handle)\\",\\"bytes\\":$(cat bytes),\\"root\\":true,\\"options\\":{\\"bandwidth\\":$(( $(cat $device) * 125 ))}}]"
      else printf 'Cannot find device "%s"\\nCommand failed -:%s\\n' $device $n >&2; fi;;
  esac
done`;

const DEVICES = { download: "down", upload: "up" };
const at = (download: number, upload: number) => ({
  download: download * 1e3,
  upload: upload * 1e3,
});

describe("openTc()", () => {
  let programs: StandIns;
  let shaper: Shaper;
  let events: string[];
  const file = (name: string) => join(programs.folder, name);
  const passed = (handle: string, bytes: number) => {
    writeFileSync(file("handle"), handle);
    writeFileSync(file("bytes"), String(bytes));
  };
  const kernel = (device: string) => Number(readFileSync(file(device), "utf8"));

  beforeEach(() => {
    programs = openStandIns();
    programs.program("tc", TC);
    for (const device of ["down", "up"]) writeFileSync(file(device), "1000\n");
    passed("8001:", 0);
    events = [];
    shaper = openActuator(
      openTc(DEVICES),
      { pace: TC_PACE, onForeign: "correct" },
      systemClock,
      (event, { why, direction }) => {
        if (event !== "router_described")
          events.push([event, why ?? direction].filter(Boolean).join(" "));
      },
    );
  });
  afterEach(async () => {
    await shaper[Symbol.asyncDispose]();
    programs[Symbol.dispose]();
  });

  /** Wishes as the cycle does, again and again, until it is so. */
  const wishing = (wish: ReturnType<typeof at>, isSo: () => boolean) =>
    until(() => {
      shaper.request(wish);
      return isSo() || null;
    });
  const isEnforced = (wish: ReturnType<typeof at>) => () => {
    const { download, upload } = shaper.actualBps();
    return download === wish.download && upload === wish.upload;
  };

  const isBack = () => events.at(-1) === "router_back";

  it("knows nothing before the first answer, and enforces what was read back (DATA-02)", async () => {
    expect(shaper.actualBps()).to.deep.equal({
      download: null,
      upload: null,
    });
    await wishing(at(7969, 500), isEnforced(at(7969, 500)));
    expect([kernel("down"), kernel("up")]).to.deep.equal([7969, 500]);
    expect(events).to.deep.equal([]);
  });

  it("writes only what changed, cuts before raises (CTRL-05)", async () => {
    await wishing(at(2000, 500), isEnforced(at(2000, 500)));
    for (let i = 0; i < 5; i++) shaper.request(at(2000, 500));
    await wishing(at(2500, 400), isEnforced(at(2500, 400)));
    const log = readFileSync(file("log"), "utf8").trim().split("\n");
    expect(log).to.deep.equal(["up 500", "down 2000", "up 400", "down 2500"]);
  });

  it("keeps what is enforced apart from what is wished when the router refuses (DATA-02, CTRL-04)", async () => {
    await wishing(at(2000, 500), isEnforced(at(2000, 500)));
    writeFileSync(file("refuses"), "");
    await wishing(at(1500, 500), () => events.length > 0);
    expect(events).to.deep.equal([
      "router_lost down: refused: RTNETLINK answers: Operation not permitted",
    ]);
    expect(shaper.actualBps().download).to.equal(2000e3);
    expect(shaper.view()).to.include({ reachable: false });
    rmSync(file("refuses"));
    await wishing(at(1200, 500), isEnforced(at(1200, 500)));
    await wishing(at(1200, 500), isBack);
    expect(kernel("down"), "the newest wish, not the refused one").to.equal(
      1200,
    );
  });

  it("is a lost router while a device is away, and mends itself (CTRL-04)", async () => {
    await wishing(at(2000, 500), isEnforced(at(2000, 500)));
    rmSync(file("down"));
    await wishing(at(1500, 500), () => events.length > 0);
    expect(events[0]).to.match(/^router_lost down: Cannot find device/);
    expect(events[0], "no line of ours").not.to.include("-:");
    writeFileSync(file("down"), "9000\n");
    await wishing(
      at(1500, 500),
      () => existsSync(file("down")) && kernel("down") === 1500,
    );
    await wishing(at(1500, 500), isBack);
  });

  it("CTRL-04: a queue that is made anew, and again, is a lost router, and no foreign rate", async () => {
    await wishing(at(2000, 500), isEnforced(at(2000, 500)));
    for (const [handle, bytes] of [
      ["8002:", 90],
      ["8002:", 80],
    ] as const) {
      passed(handle, bytes);
      for (const device of ["down", "up"])
        writeFileSync(file(device), "9000\n");
      await wishing(at(2000, 500), isBack);
      expect([kernel("down"), kernel("up")]).to.deep.equal([2000, 500]);
      events.length = 0;
    }
  });

  it("starts tc anew when it dies, and gives up on one that hangs (CTRL-04)", async () => {
    await wishing(at(2000, 500), isEnforced(at(2000, 500)));
    writeFileSync(file("dies"), "");
    await wishing(at(1900, 500), () => events.length === 1);
    rmSync(file("dies"));
    await wishing(at(1800, 500), isEnforced(at(1800, 500)));
    await wishing(at(1800, 500), isBack);
    writeFileSync(file("hangs"), "");
    await wishing(
      at(1700, 500),
      () =>
        events.filter((event) => event.startsWith("router_lost")).length === 2,
    );
    rmSync(file("hangs"));
    await wishing(at(1600, 500), isEnforced(at(1600, 500)));
    await wishing(at(1600, 500), isBack);
    expect(events.map((event) => event.split(" ")[0])).to.deep.equal([
      "router_lost",
      "router_back",
      "router_lost",
      "router_back",
    ]);
    expect(events[2]).to.contain("no answer from tc within 1000 ms");
  });

  it("leaves the rates it is told to, whatever the pace of raises (CTRL-07)", async () => {
    await wishing(at(2000, 500), isEnforced(at(2000, 500)));
    await shaper.leave(at(2001, 501), 500);
    expect([kernel("down"), kernel("up")]).to.deep.equal([2001, 501]);
  });

  it("gives up leaving at its deadline (CTRL-07)", async () => {
    await wishing(at(2000, 500), isEnforced(at(2000, 500)));
    writeFileSync(file("hangs"), "");
    const begun = systemClock.mono();
    await shaper.leave(at(1000, 100), 200);
    expect(systemClock.mono() - begun).to.be.below(600);
  });
});
