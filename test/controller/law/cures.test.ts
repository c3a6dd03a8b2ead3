import { expect } from "chai";
import {
  type ControlState,
  initial,
  step,
} from "../../../controller/law/control.js";
import type { Sample } from "../../../controller/law/estimator.js";
import type { Counted, Reply } from "../../../controller/law/inputs.js";
import type { RateState } from "../../../controller/law/rate-state.js";
import {
  type Attribution,
  noSuspect,
  suspects,
} from "../../../controller/law/two-way/attribution.js";
import type { Direction } from "../../../shared/contract/direction.js";
import type { MonoMs } from "../../../shared/runtime/clock.js";
import { NOW, POLICY, REFLECTORS } from "../../fakes/states.js";

/**
 * Scenes of a few cycles, each for one rule that prevents one failure. The RTT is 20 ms, and the upload is idle.
 */
const BASE_MS = 20;
const RATE_BPS = 20e6;

const at = (ms: number): MonoMs => (NOW + ms) as MonoMs;

/** The answer, with so much delay, to the probe that left at `sentMs` after NOW. */
const reply = (sentMs: number, deltaMs: number): Reply => ({
  reflector: Math.abs(Math.round(sentMs / 50)) % REFLECTORS,
  sentAt: at(sentMs),
  receivedAt: at(sentMs + BASE_MS + deltaMs),
  rttMs: BASE_MS + deltaMs,
  oneWayMs: null,
});

/** Counter values each 10 ms of the second before `untilMs`, at what arrived in each moment. */
function counted(
  untilMs: number,
  bpsAt: (ms: number) => number,
): readonly Counted[] {
  let downloadBytes = 0;
  return Array.from({ length: 101 }, (_, i) => {
    const ms = untilMs - 1000 + 10 * i;
    downloadBytes += (bpsAt(ms) * 0.01) / 8;
    return { at: at(ms), downloadBytes, uploadBytes: 0 };
  });
}

/** A clean line that carries `RATE_BPS`, with its baselines known. */
function scene(rate: Partial<RateState> = {}): ControlState {
  const state = initial(POLICY, NOW, {
    baselinesMs: Array.from({ length: REFLECTORS }, () => BASE_MS),
    rateBps: { download: RATE_BPS, upload: 8e6 },
    restless: null,
  });
  const { download, upload } = state.rate;
  const longAgo = at(-5000);
  return {
    ...state,
    evidence: { ...state.evidence, heardAt: at(-50) },
    rate: {
      download: { ...download, countsFrom: longAgo, peakLoad: 1, ...rate },
      upload: { ...upload, countsFrom: longAgo, peakLoad: 0.01 },
    },
  };
}

/** The state after one cycle with these replies. */
function after(
  state: ControlState,
  nowMs: number,
  replies: readonly Reply[],
  bpsAt: (ms: number) => number = () => RATE_BPS,
): ControlState {
  const reading = {
    kind: "reply",
    replies,
    lost: 0,
    traffic: counted(nowMs, bpsAt),
  } as const;
  return step(state, reading, at(nowMs), POLICY);
}

/** Probes at these times, all with the same delay. */
const replies = (sentMs: readonly number[], deltaMs: number) =>
  sentMs.map((ms) => reply(ms, deltaMs));

const THREE = [-200, -150, -100];
/** After a cut that was long ago. */
const DRAINING = {
  kind: "drain",
  returnToBps: RATE_BPS,
  refractoryUntil: at(-1000),
} as const;

const SIX = [-350, -300, -250, ...THREE];

describe("the law, rule by rule:", () => {
  it("a draining direction stays a suspect although its load is low: the line is the bottleneck", () => {
    const low = { peakLoad: 0.4 };
    const draining = scene({ ...low, mode: DRAINING });
    const load = () => 0.4 * RATE_BPS;
    const cause = (state: ControlState) =>
      after(state, 0, replies(THREE, 60), load).rate.download.cause;
    expect(cause(draining)).to.equal("cut");
    expect(cause(scene(low))).to.equal("innocent");
  });

  it("where neither direction is full, the busier one is cut once every reflector agrees", () => {
    const low = scene({ peakLoad: 0.4 });
    const { rate } = after(low, 0, replies(SIX, 60), () => 0.4 * RATE_BPS);
    expect(rate.download.cause).to.equal("cut");
    expect(rate.upload.cause).to.equal("innocent");
  });

  it("two late replies while new flows start are not a queue", () => {
    const ramping = (ms: number) => RATE_BPS * (ms < -200 ? 0 : 0.4);
    const { rate } = after(
      scene({ peakLoad: 0.2 }),
      0,
      [reply(-200, 5), ...replies(THREE.slice(1), 40)],
      ramping,
    );
    expect(rate.download.cause).to.equal("innocent");
    expect(rate.download.bps).to.equal(RATE_BPS);
  });

  it("after a sharp fall the capacity is that of the time since, not of the queue before it", () => {
    // its own probing stood before the fall, 200 ms ago
    const { rate } = after(
      scene(),
      0,
      [...replies([-400, -350, -300, -250, -200], 7), ...replies(THREE, 45)],
      (ms) => (ms <= -200 ? RATE_BPS : 8e6),
    );
    expect(rate.download.cause).to.equal("cut");
    expect(rate.download.lastCut?.seenBps).to.be.below(9e6);
  });

  it("a burst above the rate does not ratchet it down", () => {
    const { rate } = after(
      scene(),
      0,
      replies(THREE, 20),
      () => 1.08 * RATE_BPS,
    );
    expect(rate.download.cause).to.equal("cut");
    expect(rate.download.mode)
      .to.have.property("returnToBps")
      .that.equals(RATE_BPS);
  });

  it("a cut is given the time to drain the queue, and the round trips to show it", () => {
    const cut = after(scene(), 0, replies(THREE, 60)).rate.download;
    expect(cut.cause).to.equal("cut");
    const heard = { samples: [], heardAt: at(400), restedAt: null };
    const causeAt = (ms: number) =>
      after(
        { ...scene(cut), evidence: heard },
        ms,
        replies([ms - 120, ms - 100, ms - 80], 50),
        () => RATE_BPS / 2,
      ).rate.download.cause;
    expect(causeAt(480)).to.equal("refractory");
    expect(causeAt(520)).to.equal("cut");
  });

  it("probes held back by an outage cause no cut", () => {
    const silent = { ...scene().evidence, heardAt: at(-6000) };
    const heldBack = [-3000, -2700, -2400, -2100].map((ms) =>
      reply(ms, -ms - 2 * BASE_MS),
    );
    const { rate } = after({ ...scene(), evidence: silent }, 0, heldBack);
    expect(rate.download.bps).to.equal(RATE_BPS);
  });

  it("replies that come after they were counted as lost still cause a cut: a queue of 2.5 s is not silence", () => {
    const late = replies([-2700, -2650, -2600], 2500);
    const { rate } = after(scene(), 0, late, () => 4e6);
    expect(rate.download.cause).to.equal("cut");
  });

  it("raises only when the two newest samples are clean", () => {
    const cause = (...deltasMs: number[]) =>
      after(
        scene(),
        0,
        deltasMs.map((deltaMs, i) => reply(50 * i - 200, deltaMs)),
        () => RATE_BPS,
      ).rate.download.cause;
    expect(cause(20, 3, 3)).to.equal("raise");
    expect(cause(3, 20, 3)).to.equal("delta");
  });

  it("raises nothing while a reply is 12 ms and three probe intervals overdue", () => {
    // 20 ms of RTT, a trim of 9.75 ms, 12 ms, and three times 50 ms
    const cause = (sentMs: number) =>
      after(
        scene(),
        0,
        replies([sentMs - 100, sentMs - 50, sentMs], 0),
        () => RATE_BPS,
      ).rate.download.cause;
    expect(cause(-191)).to.equal("raise");
    expect(cause(-193)).to.equal("delta");
  });

  for (const [deltaMs, untilMs] of [
    [60, 2 * BASE_MS + 60 + 1.6 * 250],
    [200, 2 * BASE_MS + 200 + (1.6 * 200) / 0.6],
    [2500, 5000],
  ] as const)
    it(`waits ${Math.round(untilMs)} ms for a second cut after one at ${deltaMs} ms`, () => {
      const sentMs = THREE.map((ms) => ms - deltaMs);
      const { mode } = after(scene(), 0, replies(sentMs, deltaMs)).rate
        .download;
      expect(mode)
        .to.have.property("refractoryUntil")
        .that.is.closeTo(at(untilMs), 1);
    });

  for (const [what, deltasMs, fromMs, both] of [
    ["stands through a cut test of 0.9 s", [60, 60, 60], -950, true],
    ["shrinks in a cut test of 0.9 s", [60, 50, 40], -950, false],
    ["shrinks for 2.5 s and is not gone", [60, 50, 40], -2550, true],
  ] as const)
    it(`no immunity is for ever: where a queue ${what}, ${both ? "both are suspects" : "one is the suspect"}`, () => {
      expect(suspected(deltasMs, fromMs)).to.deep.equal(
        both ? ["download", "upload"] : ["upload"],
      );
    });
});

/** The suspects while a cut of the upload is being tested since `fromMs`. */
function suspected(deltasMs: readonly number[], fromMs: number): Direction[] {
  const { rate, traffic } = scene({ mode: DRAINING });
  const samples = deltasMs.map((deltaMs, i): Sample => ({
    sentAt: at(50 * i - 300),
    receivedAt: at(50 * i - 300 + BASE_MS + deltaMs),
    deltaMs,
    delayMs: { download: deltaMs, upload: deltaMs },
    hasOneWay: false,
  }));
  const attribution: Attribution = {
    ...noSuspect(NOW),
    cutTest: {
      suspect: "upload",
      from: at(fromMs),
      feltFrom: at(fromMs + BASE_MS),
      before: rate.upload,
      result: "open",
      isSecond: true,
    },
  };
  const evidence = { samples, heardAt: at(0), restedAt: null };
  const found = suspects(
    attribution,
    { rate, evidence, traffic, now: NOW },
    POLICY.limits,
  );
  return (["download", "upload"] as const).filter((d) => found[d]);
}
