import { expect } from "chai";
import { Database } from "../../recorder/store/connection.js";
import { causeCode } from "../../shared/contract/cause.js";
import type { Direction } from "../../shared/contract/direction.js";
import type { EventName } from "../../shared/contract/event.js";
import type { CycleFrame, Frame } from "../../shared/contract/frame.js";
import { readingCode } from "../../shared/contract/state.js";
import { askHealth } from "../../shared/runtime/health.js";
import { startDaemon } from "../bed/daemon.js";
import { fallUntilCut } from "../bed/fall.js";
import { type Heard, wantedKbps } from "../bed/heard.js";
import { demandMachine, machineInWords, SHAPING } from "../bed/kernel.js";
import { startListener } from "../bed/listener.js";
import { run } from "../bed/namespace.js";
import { addQueue, changeQueue, enforces, removeQueue } from "../bed/queues.js";
import { controllerArgs, openSystem, type System, WAN } from "../bed/system.js";
import { openDownloads } from "../bed/traffic.js";
import { pause, until } from "../bed/waiting.js";

const LINE_KBPS = 20_000;

/** Time for what must be noticed and mended without anybody's help; the slowest is the read-back, every 10 s. */
const MEND_MS = 20_000;

/** Half a second without an answer may pass before it is silence. */
const CYCLES_TO_NOTICE = 10;

describe(`a line in trouble: ${machineInWords()}`, function () {
  this.timeout(90_000);
  let system: System | undefined;

  before(demandMachine);
  before(async () => {
    system = await openSystem(LINE_KBPS);
  });
  after(() => system?.[Symbol.asyncDispose]());

  it("CTRL-03, CTRL-04: silence is lost measurement, and never a raise", async () => {
    const { heard, line } = system!;
    await using _downloads = await openDownloads();
    await pause(3_000); // the rate is on its way up
    const place = heard.frames.length;
    line.reflectors(false);
    await heard.event("measurement_lost", place, MEND_MS);
    await pause(3_000);
    const cycles = heard.cyclesFrom(place);
    line.reflectors(true);
    await heard.event("measurement_back", place, MEND_MS);

    const silent = cycles.slice(
      cycles.findLastIndex(isReply) + 1 + CYCLES_TO_NOTICE,
    );
    expect(silent.length).to.be.above(50);
    for (const { rttUs } of silent) expect(rttUs).to.be.null;
    for (const direction of ["download", "upload"] as const)
      expect(raises(silent, direction)).to.deep.equal([]);
  });

  it("CTRL-04: filtered pings are told from a line that is down, measured by handshakes, and the rate still cut", async () => {
    const { heard, line } = system!;
    await using _server = startListener();
    await using _downloads = await openDownloads();
    await pause(2_000);
    const place = heard.frames.length;
    line.pings(false);
    const { detail } = await heard.event("pings_filtered", place, MEND_MS);
    expect(detail["why"]).to.match(/pings are filtered/);
    await heard.event("measurement_back", place, MEND_MS);
    const measured = heard.frames.length;
    await fallUntilCut(system!, LINE_KBPS, MEND_MS);
    line.pings(true);
    const back = await heard.event("pings_back", measured, MEND_MS);
    expect(back.detail["lasted_ms"]).to.be.above(3_000);
    const events = heard.frames.slice(place).flatMap(nameOf);
    expect(events).not.to.include("line_lost");
  });

  it("CTRL-04: a line that carries nothing is down, and back", async () => {
    const { heard } = system!;
    const place = heard.frames.length;
    run("isp", "ip link set i1 down");
    const { detail } = await heard.event("line_lost", place, MEND_MS);
    expect(detail["why"]).to.match(/line is down/);
    await until("word of the gateway", MEND_MS, async () => {
      const health = await askHealth(system!.run.wanHealth(WAN));
      return health?.reasons.some((why) => why.endsWith("gateway answers"));
    });
    run("isp", "ip link set i1 up");
    await heard.event("line_back", place, MEND_MS);
    const events = heard.frames.slice(place).flatMap(nameOf);
    expect(events).not.to.include("pings_filtered");
    expect(events).not.to.include("link_lost");
  });

  it("CTRL-04: an interface that is gone and comes back as another one, with queues of its own", async () => {
    const { heard, line, controller } = system!;
    const place = heard.frames.length;
    removeQueue("download");
    line.unplug();
    await heard.event("link_lost", place, MEND_MS);
    await until("readings that say so", MEND_MS, () =>
      heard
        .cyclesFrom(place)
        .some(({ reading }) => reading === readingCode("no_link")),
    );
    await pause(2_000);
    line.plug();
    for (const direction of ["download", "upload"] as const)
      addQueue(SHAPING, direction, 5_000);
    const { detail } = await heard.event("link_back", place, MEND_MS);
    expect(detail).to.have.keys("began_ms", "ended_ms", "lasted_ms");
    const back = heard.frames.length;
    await until("a reply", MEND_MS, () => heard.cyclesFrom(back).some(isReply));
    for (const direction of ["download", "upload"] as const)
      await wishGranted(heard, direction);
    expect(controller.hasEnded).to.equal(false);
    const last = heard.cyclesFrom(place).at(-1);
    expect(last?.loadDownloadKbps, "counters of the new one").not.to.be.null;
  });

  for (const direction of ["download", "upload"] as const)
    it(`CTRL-04, CTRL-05: the ${direction}'s queue taken away is a lost router, and mended`, async () => {
      const { heard } = system!;
      const place = heard.frames.length;
      removeQueue(direction);
      await heard.event("router_lost", place, MEND_MS);
      addQueue(SHAPING, direction, 5_000);
      await heard.event("router_back", place, MEND_MS);
      await wishGranted(heard, direction);
    });

  it("DATA-02: a rate somebody else set is noticed, and set right", async () => {
    const { heard } = system!;
    const place = heard.frames.length;
    // The upload's: it stands at its base, where no write of ours covers it up at once.
    changeQueue(SHAPING, "upload", 5_000);
    const { detail } = await heard.event("rate_foreign", place, MEND_MS);
    expect(detail).to.include({ direction: "upload", found_kbps: 5_000 });
    await wishGranted(heard, "upload");
  });

  it("CTRL-03, CTRL-04: a controller that stood still says how long, and cuts nothing for it", async () => {
    const { heard, controller } = system!;
    const place = heard.frames.length;
    const before = heard.cyclesFrom(0).at(-1)!;
    controller.signal("SIGSTOP");
    await pause(4_000);
    controller.signal("SIGCONT");
    const { detail } = await heard.event("paused", place, MEND_MS);
    expect(detail["lasted_ms"]).to.be.within(3_500, 8_000);
    const after = await until("a second of cycles", MEND_MS, () => {
      const cycles = heard.cyclesFrom(place).filter(isLater(before));
      return cycles.length >= 20 ? cycles : null;
    });
    expect(after[0]?.reading).to.equal(readingCode("asleep"));
    for (const { rttUs, baselineUs, causeDownload, causeUpload } of after) {
      expect(rttUs ?? 0).to.be.below(1e6);
      expect(baselineUs).to.be.closeTo(before.baselineUs!, 5_000);
      for (const cause of [causeDownload, causeUpload])
        expect(cause).not.to.be.oneOf([
          causeCode("cut"),
          causeCode("blackout"),
        ]);
    }
    expect(controller.hasEnded).to.equal(false);
  });

  it("a second controller of the same WAN is turned away in one line", async () => {
    await using second = startDaemon(controllerArgs(system!.run));
    const end = await second.end;
    expect(end.code).to.equal(1);
    expect(second.said()).to.match(/^wanctl: .*already running.*\n$/);
  });

  it("INTG-01: a recorder that stands still stops nobody, and loses nothing", async () => {
    const { heard, recorder } = system!;
    const place = heard.frames.length;
    recorder.signal("SIGSTOP");
    await pause(3_000);
    const cycles = heard.cyclesFrom(place);
    recorder.signal("SIGCONT");
    expect(cycles.length).to.be.within(55, 65);
  });

  it("DATA-03, INTG-04: all of this is in the database, frame by frame", async () => {
    const { heard, controller, recorder, database } = system!;
    expect((await controller.stop()).code).to.equal(0);
    expect((await recorder.stop()).code).to.equal(0);
    const db = new Database(database, { readonly: true });
    const kinds = db.prepare("select kind from events").pluck().all();
    const gaps = db.prepare("select * from gap").all();
    db.close();
    for (const frame of heard.frames)
      if (frame.kind === "event") expect(kinds).to.include(frame.event);
    expect(heard.refused).to.deep.equal([]);
    expect(gaps).to.deep.equal([]);
  });
});

/** The first beats after it. */
const isLater = (before: CycleFrame) => (cycle: CycleFrame) =>
  cycle.mono > before.mono + 2_000;

const nameOf = (frame: Frame): EventName[] =>
  frame.kind === "event" ? [frame.event] : [];

const isReply = ({ reading }: CycleFrame): boolean =>
  reading === readingCode("reply");

/** Waits until the kernel enforces what the controller wants. */
const wishGranted = (heard: Heard, direction: Direction): Promise<unknown> =>
  until("the wanted rate in the kernel", MEND_MS, () => {
    const latest = heard.cyclesFrom(0).at(-1);
    return latest && enforces(direction, wantedKbps(latest, direction));
  });

/** The rates that are above the one before. */
function raises(cycles: readonly CycleFrame[], direction: Direction): number[] {
  const rates = cycles.map((cycle) => wantedKbps(cycle, direction));
  return rates.filter((rate, i) => i > 0 && rate > (rates[i - 1] ?? 0));
}
