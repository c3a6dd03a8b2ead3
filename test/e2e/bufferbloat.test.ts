import { expect } from "chai";
import { Database } from "../../recorder/store/connection.js";
import type { CycleFrame } from "../../shared/contract/frame.js";
import type { End } from "../bed/daemon.js";
import { demandMachine, machineInWords } from "../bed/kernel.js";
import { openLine } from "../bed/line.js";
import { processesIn } from "../bed/namespace.js";
import { kernelKbps } from "../bed/queues.js";
import { fallAndRise, type Outcome, playScene } from "../bed/scene.js";
import { openSystem } from "../bed/system.js";
import { pause } from "../bed/waiting.js";

/** Long enough for the law to show itself, short enough for a test: half a minute in all. */
const PHASE_S = 10;
/** What was set just before the look is heard of later: with the next cycle, once the kernel has confirmed it. */
const SAID_MS = 500;

describe(`a line that falls and rises: ${machineInWords()}`, function () {
  this.timeout(120_000);
  let unshaped: Outcome;
  let controlled: Facts;

  before(demandMachine);

  before("play it without and with wanctl", async () => {
    unshaped = await sceneWithout();
    controlled = await sceneWith();
    tell("without wanctl", unshaped);
    tell("with wanctl", controlled.outcome);
  });

  it("has bufferbloat when nobody shapes it", () => {
    expect(unshaped.addedRttMs.p95).to.be.above(300);
    expect(unshaped.utilisationPct.download).to.be.above(95);
  });

  it("has a tenth of that with wanctl, or less", () => {
    const { addedRttMs } = controlled.outcome;
    expect(addedRttMs.p95).to.be.below(unshaped.addedRttMs.p95 / 10);
    expect(addedRttMs.p50).to.be.below(unshaped.addedRttMs.p50 / 10);
  });

  it("is still in use, four fifths of it or more", () => {
    expect(controlled.outcome.utilisationPct.download).to.be.at.least(80);
  });

  it("DATA-02: gets rates that are in the kernel, not only wished", () => {
    const { enforced, kernel } = controlled;
    expect(Math.min(...enforced)).to.be.below(9_000);
    expect(Math.max(...enforced)).to.be.above(15_000);
    expect(kernel.said, "around the look").to.include(kernel.seen);
  });

  it("INTG-01, CTRL-01: has 20 cycles a second, all of them recorded", () => {
    const { rows, seconds, gaps } = controlled.recorded;
    expect(rows / seconds).to.be.within(19, 20.1);
    expect(gaps).to.equal(0);
  });

  it("leaves nothing behind: both end within a second, with all children", () => {
    for (const end of controlled.ends) {
      expect(end).to.include({ code: 0, signal: null });
      expect(end.tookMs).to.be.below(1_000);
    }
    expect(controlled.leftBehind).to.deep.equal([]);
  });
});

interface Facts {
  readonly outcome: Outcome;
  /** The download rates that were in force, kbit/s. */
  readonly enforced: readonly number[];
  /** What was seen in the kernel at the end of the scene, and what the controller said around then, kbit/s. */
  readonly kernel: { readonly seen: number; readonly said: readonly number[] };
  readonly recorded: Recorded;
  readonly ends: readonly (End & { readonly tookMs: number })[];
  readonly leftBehind: readonly number[];
}

interface Recorded {
  readonly rows: number;
  readonly seconds: number;
  readonly gaps: number;
}

async function sceneWithout(): Promise<Outcome> {
  await using line = await openLine(20_000);
  return await playScene(line, fallAndRise(PHASE_S));
}

async function sceneWith(): Promise<Facts> {
  await using system = await openSystem(20_000);
  const { line, heard, controller, recorder, database } = system;
  const place = heard.frames.length;
  const outcome = await playScene(line, fallAndRise(PHASE_S));
  const cycles = heard.cyclesFrom(place);
  const seen = kernelKbps("download") ?? NaN;
  await pause(SAID_MS);
  const said = enforcedOf(heard.cyclesFrom(place).slice(cycles.length - 1));
  const ends = [await controller.stop(), await recorder.stop()];
  return {
    outcome,
    enforced: enforcedOf(cycles),
    kernel: { seen, said },
    recorded: recordedIn(database),
    ends,
    leftBehind: processesIn("shaper"),
  };
}

const enforcedOf = (cycles: readonly CycleFrame[]): number[] =>
  cycles.flatMap(({ enforcedDownloadKbps }) => enforcedDownloadKbps ?? []);

function recordedIn(database: string): Recorded {
  const db = new Database(database, { readonly: true });
  try {
    return db
      .prepare<[], Recorded>(
        `select count(*) as rows, (max(at_ms) - min(at_ms)) / 1e3 as seconds,
                (select count(*) from gap) as gaps from cycle`,
      )
      .get()!;
  } finally {
    db.close();
  }
}

function tell(what: string, { utilisationPct, addedRttMs }: Outcome): void {
  const { p50, p95, p99, max } = addedRttMs;
  const [rtt, use] = [[p50, p95, p99, max], [utilisationPct.download]].map(
    (numbers) => numbers.map((number) => number.toFixed(1)).join(" / "),
  );
  console.log(
    `    ${what}: added RTT p50 / p95 / p99 / max ${rtt} ms, ${use} % used`,
  );
}
