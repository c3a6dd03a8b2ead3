import { expect } from "chai";
import type { LinkState } from "../../../controller/condition/classification.js";
import type { Counters } from "../../../controller/line/counters.js";
import { openMeasuredLine } from "../../../controller/line/line.js";
import type { Gateway } from "../../../controller/probes/gateway.js";
import { answersOf } from "../../../controller/probes/pinger.js";
import { withoutFallback } from "../../../controller/probes/with-fallback.js";
import { openRouterCalls } from "../../../controller/shapers/calls.js";
import { NO_WRITES, type Shaper } from "../../../controller/shapers/shaper.js";
import type { Clock, MonoMs, WallMs } from "../../../shared/runtime/clock.js";
import { POLICY } from "../../fakes/states.js";

const ms = (value: number) => value as MonoMs;
const clock: Clock = {
  mono: () => ms(0),
  wall: () => 0 as WallMs,
  sleepUntil: () => Promise.resolve(),
};
const closed = { [Symbol.asyncDispose]: () => Promise.resolve() };
const shaper: Shaper = {
  ...closed,
  request: () => undefined,
  actualBps: () => ({ download: null, upload: null }),
  leave: () => Promise.resolve(),
  view: () => ({
    ...{ backend: "none", reachable: true, sinceMs: 0, error: null },
    ...{ warnings: [], writes: NO_WRITES },
  }),
};
const REPLY = {
  ...{ reflector: 0, sentAt: ms(0), receivedAt: ms(20), rttMs: 20 },
  oneWayMs: null,
};

/** A line in the hand: what its parts say at the next look, and what they were told. */
function handLine(idleAfterMs: number | null) {
  const hand = {
    answers: answersOf([REPLY], 0),
    link: "up" as LinkState | null,
    ifb: "up" as LinkState | null,
    policy: POLICY,
    downloadBytes: 0,
    told: [] as string[],
  };
  const pinger = withoutFallback(
    {
      ...closed,
      take: () => hand.answers,
      rest: (roundMs) => hand.told.push(`rest ${roundMs}`),
      forget: (now) => hand.told.push(`forget ${now}`),
      fault: () => null,
      view: () => ({}),
    },
    { spacingMs: 50 },
    clock,
  );
  let at = ms(0);
  const counters: Counters = {
    ...closed,
    take: () => [{ at, downloadBytes: hand.downloadBytes, uploadBytes: 0 }],
    link: () => hand.link,
  };
  const gateway: Gateway = {
    look: (isWanted, now) => {
      if (isWanted) hand.told.push(`gateway ${now}`);
      return isWanted;
    },
    [Symbol.dispose]: () => undefined,
  };
  const addresses = { unknown: () => [], [Symbol.dispose]: () => undefined };
  const probe = {
    ...{ reflectors: ["one"], spacingMs: 50, lossMs: 1000 },
    ...{ source: null, interface: null, method: "auto" as const },
  };
  const line = openMeasuredLine(
    pinger,
    {
      ...{ shaper, counters, gateway, addresses, calls: openRouterCalls() },
      ...{ wan: "wan", download: { name: "ifb4wan", link: () => hand.ifb } },
    },
    { probe, idleAfterMs },
    hand,
    clock,
  );
  const take = (now: number) => line.take((at = ms(now)));
  return { hand, take, line };
}

describe("openMeasuredLine()", () => {
  it("DATA-01, CTRL-04: says no_link while the interface is away, and counts no loss", () => {
    const { hand, take, line } = handLine(null);
    expect(take(50).kind).to.equal("reply");
    hand.answers = answersOf([], 3);
    for (const link of ["gone", "down"] as const) {
      hand.link = link;
      expect(take(100)).to.include({ kind: "no_link", lost: 0 });
      expect(line.signs().link).to.equal(link);
    }
    for (const link of ["up", null] as const) {
      hand.link = link;
      expect(take(150)).to.include({ kind: "lost", lost: 3 });
    }
  });

  it("CTRL-04: names the device that is away, the WAN's before the ifb", () => {
    const { hand, take, line } = handLine(null);
    hand.answers = answersOf([], 3);
    hand.ifb = "down";
    expect(take(50)).to.include({ kind: "no_link", lost: 0 });
    expect(line.signs()).to.include({ link: "down", device: "ifb4wan" });
    hand.link = "gone";
    expect(line.signs()).to.include({ link: "gone", device: "wan" });
    hand.ifb = hand.link = "up";
    expect(take(100)).to.include({ kind: "lost", lost: 3 });
  });

  it("DATA-04: judges idleness by the floor in force, at each beat", () => {
    const { hand, take } = handLine(1_000);
    const { limits } = POLICY;
    const floored = (floorBps: number) => ({
      ...POLICY,
      limits: {
        ...limits,
        download: { ...limits.download, floorBps },
      },
    });
    const restAfter = (from: number) => {
      for (let now = from; now < from + 2_000; now += 50) {
        hand.downloadBytes += 6_250; // 1 Mbit/s
        take(now);
      }
      return hand.told.filter((each) => each.startsWith("rest")).at(-1);
    };
    hand.policy = floored(20e6);
    expect(restAfter(0), "too little to matter").to.equal("rest 1000");
    hand.policy = floored(2e6);
    expect(restAfter(2_000), "half the floor").to.equal("rest null");
  });

  it("CTRL-04: asks the gateway while nobody answers, and not else", () => {
    const { hand, take, line } = handLine(null);
    take(50);
    hand.answers = answersOf([], 1);
    for (let now = 100; now <= 1_050; now += 50) take(now);
    expect(line.signs().gateway).to.equal(false);
    take(1_100);
    expect(line.signs().gateway).to.equal(true);
    hand.answers = answersOf([REPLY], 0);
    take(1_150);
    expect(line.signs().gateway).to.equal(false);
    expect(hand.told)
      .to.include("gateway 1100")
      .and.not.include("gateway 1150");
  });

  it("DATA-01: having stood still it was asleep, and what was under way does not count", () => {
    const { hand, take } = handLine(null);
    take(50);
    take(1_050);
    hand.answers = answersOf([{ ...REPLY, rttMs: 9_000 }], 5);
    expect(take(11_050)).to.include({ kind: "asleep", lost: 0 });
    expect(hand.told).to.include("forget 11050");
    expect(take(11_100).kind).to.equal("reply");
    expect(
      hand.told.filter((each) => each.startsWith("forget")),
    ).to.have.length(1);
  });

  it("DATA-01: rests on an idle line, and wakes in the beat that brings traffic, or a loss", () => {
    const { hand, take } = handLine(1_000);
    const restAfter = (now: number) => {
      take(now);
      return hand.told.filter((each) => each.startsWith("rest")).at(-1);
    };
    for (let now = 50; now < 1_050; now += 50)
      expect(restAfter(now)).to.equal("rest null");
    expect(restAfter(1_050)).to.equal("rest 1000");
    hand.downloadBytes += 10_000;
    expect(restAfter(1_100)).to.equal("rest null");
    for (let now = 1_150; now < 2_100; now += 50) restAfter(now);
    expect(restAfter(2_100)).to.equal("rest 1000");
    hand.answers = answersOf([], 1);
    restAfter(2_150);
    hand.answers = answersOf([], 0);
    expect(restAfter(2_200)).to.equal("rest null");
  });
});
