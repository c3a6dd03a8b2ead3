import { expect } from "chai";
import fc from "fast-check";
import { openActuator } from "../../../controller/shapers/actuator.js";
import type { OnForeign } from "../../../controller/shapers/direction-state.js";
import { ROUTEROS_PACE } from "../../../controller/shapers/routeros/pace.js";
import { TC_PACE } from "../../../controller/shapers/tc/pace.js";
import {
  DIRECTIONS,
  type PerDirection,
} from "../../../shared/contract/direction.js";
import { handClock } from "../../fakes/hand-clock.js";
import { handRouter, type Mood } from "../../fakes/hand-router.js";

const BEAT_MS = 50;
const at = (download: number, upload: number) => ({
  download: download * 1e3,
  upload: upload * 1e3,
});
const START = at(50_000, 10_000);

/** An actuator on a router by hand, and a controller that wishes the same at every beat until told otherwise. */
function open(pace = ROUTEROS_PACE, onForeign: OnForeign = "correct") {
  const clock = handClock();
  const router = handRouter(clock);
  const events: string[] = [];
  const shaper = openActuator(router, { pace, onForeign }, clock, (event) =>
    events.push(event),
  );
  const world = {
    ...{ clock, router, shaper, events },
    wish: START,
    async pass(ms: number, beatMs = BEAT_MS) {
      for (let passed = 0; passed < ms; passed += beatMs) {
        clock.advance(beatMs);
        await router.settle();
        shaper.request(world.wish);
        await router.settle();
      }
    },
    rates: (): PerDirection<number> => ({ ...router.rates }),
  };
  return world;
}

describe("openActuator()", () => {
  it("writes nothing when nothing changed, and reads back after the start and every minute (CTRL-05)", async () => {
    const world = open();
    const { router, shaper, events } = world;
    await world.pass(125_000, 500);
    expect(router.writes).to.deep.equal([]);
    expect(router.reads).to.have.lengthOf(3);
    expect(shaper.actualBps()).to.deep.equal(START);
    expect(events).to.deep.equal(["router_described"]);
  });

  it("cuts at the very beat, and lets raises gather (CTRL-05)", async () => {
    const world = open();
    await world.pass(10_000);
    const from = world.clock.mono();
    world.wish = at(30_000, 10_000);
    await world.pass(BEAT_MS);
    expect(world.rates()).to.deep.equal(at(30_000, 10_000));
    for (let step = 1; step <= 100; step++) {
      world.wish = at(30_000 + 100 * step, 10_000);
      await world.pass(BEAT_MS);
    }
    const raises = world.router.writes.filter(({ at }) => at > from + BEAT_MS);
    expect(raises.length, "2 % a step").to.be.within(10, 16);
    await world.pass(10_000);
    expect(world.rates()).to.deep.equal(world.wish);
    const { asked, sent, confirmed, superseded } = world.shaper.view().writes;
    expect({ asked, sent, confirmed }).to.deep.equal({
      asked: 103,
      sent: world.router.writes.length,
      confirmed: sent,
    });
    // the two of the start were granted as they were, so never sent
    expect(superseded).to.be.within(asked - sent - 2, asked - sent);
  });

  it("has the right rates in force within two seconds of a lost router's return, and never an old wish (CTRL-04)", async () => {
    for (const mood of ["unreachable", "timeout", "busy"] as const) {
      const world = open();
      world.router.latencyMs = 100;
      await world.pass(2_000);
      world.router.mood = mood;
      world.router.latencyMs = mood === "timeout" ? 1_200 : 20;
      for (let step = 0; step < 60; step++) {
        world.wish = at(20_000 + step, 5_000 + step);
        await world.pass(1_000);
      }
      expect(world.shaper.view().reachable).to.be.false;
      expect(world.shaper.actualBps(), "as last known").to.deep.equal(START);
      const back = world.router.writes.length;
      world.router.mood = "fine";
      world.router.rates = { ...at(1_000, 70_000) };
      world.router.latencyMs = 100;
      await world.pass(2_000);
      expect(world.rates(), mood).to.deep.equal(world.wish);
      const written = world.router.writes.slice(back);
      expect(written.map(({ bps }) => bps).sort()).to.deep.equal(
        DIRECTIONS.map((name) => world.wish[name]).sort(),
      );
      expect(world.events).to.deep.equal([
        ...["router_described", "router_lost", "router_back"],
      ]);
    }
  });

  it("does not knock at the door of a router that does not know it", async () => {
    const world = open();
    await world.pass(1_000);
    world.router.mood = "unauthorized";
    world.wish = at(20_000, 5_000);
    await world.pass(300_000, 100);
    expect(world.router.reads.length + world.router.writes.length).to.be.below(
      15,
    );
  });

  it("tells what was written from what is in force when the router lies (DATA-02)", async () => {
    const world = open();
    await world.pass(1_000);
    world.router.mood = "lies";
    world.wish = at(20_000, 10_000);
    await world.pass(5_000);
    expect(world.shaper.actualBps()).to.deep.equal(START);
    expect(world.shaper.view().writes).to.include({ confirmed: 0 });
    expect(world.shaper.view().error).to.match(/wrote 20000 .*read back 50000/);
    world.router.mood = "fine";
    await world.pass(2_000);
    expect(world.rates()).to.deep.equal(world.wish);
  });

  it("sets somebody else's rate right once, and steps aside when it comes again within a minute", async () => {
    const world = open();
    await world.pass(2_000);
    world.router.rates.download = 5e6;
    await world.pass(61_000, 500);
    expect(world.events.slice(1)).to.deep.equal(["rate_foreign"]);
    expect(world.rates()).to.deep.equal(START);
    world.router.rates.download = 6e6;
    await world.pass(6_000);
    world.wish = at(30_000, 3_000);
    await world.pass(500_000, 1_000);
    expect(world.router.rates.download, "left alone").to.equal(6e6);
    expect(world.shaper.actualBps().download).to.equal(6e6);
    expect(world.shaper.view().warnings).to.have.lengthOf(1);
    await world.pass(120_000, 1_000);
    expect(world.rates()).to.deep.equal(world.wish);
    expect(world.events.slice(1)).to.deep.equal([
      ...["rate_foreign", "rate_foreign"],
      ...["writing_paused", "writing_resumed"],
    ]);
    expect(world.shaper.view().warnings).to.deep.equal([]);
  });

  it("respects somebody else's rate until it is ours again, where told to", async () => {
    const world = open(ROUTEROS_PACE, "respect");
    await world.pass(10_000);
    world.router.rates.upload = 5e6;
    world.wish = at(30_000, 3_000);
    await world.pass(60_000, 500);
    await world.pass(1_200_000, 1_000);
    expect(world.router.rates.upload).to.equal(5e6);
    world.router.rates.upload = START.upload;
    await world.pass(61_000, 1_000);
    expect(world.events.at(-1)).to.equal("writing_resumed");
    expect(world.rates()).to.deep.equal(world.wish);
  });

  it("never waits for a router that hangs: a beat hands its wish over and goes on (CTRL-01)", async () => {
    const world = open();
    world.router.latencyMs = Infinity;
    await world.pass(1_000);
    for (let beat = 0; beat < 10_000; beat++) {
      world.clock.advance(BEAT_MS);
      world.shaper.request(at(1_000 + beat, 1_000));
    }
    expect(world.router.inFlight.most).to.equal(1);
    const { asked, superseded } = world.shaper.view().writes;
    expect(asked - superseded, "newest wins").to.be.at.most(4);
  });

  it("begins nothing more when it is closed while a router hangs that it was to leave (CTRL-07)", async () => {
    const world = open();
    await world.pass(1_000);
    world.router.latencyMs = Infinity;
    world.wish = at(1_000, 1_000);
    await world.pass(BEAT_MS);
    const { writes, reads, inFlight } = world.router;
    const begun = [writes.length, reads.length];
    expect(inFlight.now).to.equal(1);
    await world.shaper.leave(START, 1);
    await world.shaper[Symbol.asyncDispose]();
    for (let turn = 0; turn < 5; turn++) await world.router.settle();
    expect([writes.length, reads.length]).to.deep.equal(begun);
    expect(inFlight.now).to.equal(0);
    expect(world.events).to.deep.equal(["router_described"]);
  });

  for (const [name, pace] of [
    ["tc", TC_PACE],
    ["RouterOS", ROUTEROS_PACE],
  ] as const)
    it(`keeps to the write limits of ${name}, one at a time, cuts first, and ends at the last wish, whatever happens (CTRL-05)`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(happening(), { maxLength: 25 }),
          async (story) => {
            const world = open(pace);
            for (const { kbps, mood, latencyMs, foreignKbps, ms } of story) {
              world.wish = at(...kbps);
              world.router.mood = mood;
              world.router.latencyMs = latencyMs;
              if (foreignKbps !== null)
                world.router.rates.download = foreignKbps * 1e3;
              await world.pass(ms);
            }
            world.router.mood = "fine";
            world.router.latencyMs = 30;
            await world.pass(700_000, 1_000);
            const { asked, sent, confirmed, refused, unanswered, superseded } =
              world.shaper.view().writes;
            expect(world.rates()).to.deep.equal(world.wish);
            expect(world.shaper.actualBps()).to.deep.equal(world.wish);
            expect(world.router.inFlight.most).to.equal(1);
            expect(sent).to.equal(confirmed + refused + unanswered);
            expect(superseded).to.be.at.most(asked);
            for (const change of ["cut", "raise"] as const) {
              const { perS, burst } = pace.limits[change];
              const times = world.router.writes
                .filter(
                  ({ bps, beforeBps }) =>
                    bps < beforeBps === (change === "cut"),
                )
                .map(({ at }) => at);
              times.forEach((from, i) => {
                const last = times[i + burst] ?? Infinity;
                expect(last - from, `${change}s`).to.be.at.least(
                  1e3 / perS - 1e-6,
                );
              });
            }
          },
        ),
        { numRuns: 150 },
      ));
});

interface Happening {
  readonly kbps: readonly [number, number];
  readonly mood: Mood;
  readonly latencyMs: number;
  readonly foreignKbps: number | null;
  readonly ms: number;
}

const happening = (): fc.Arbitrary<Happening> =>
  fc.record({
    kbps: fc.tuple(
      fc.integer({ min: 4_000, max: 60_000 }),
      fc.integer({ min: 1_000, max: 12_000 }),
    ),
    mood: fc.oneof(
      { weight: 4, arbitrary: fc.constant<Mood>("fine") },
      fc.constantFrom<Mood>(
        ...(["lies", "unreachable", "timeout", "busy", "refused"] as const),
        ...(["not_found", "unauthorized"] as const),
      ),
    ),
    latencyMs: fc.constantFrom(0, 30, 80, 400, 1_200),
    foreignKbps: fc.option(fc.integer({ min: 1_000, max: 60_000 }), {
      freq: 8,
    }),
    ms: fc.constantFrom(50, 50, 50, 100, 300, 2_000, 20_000),
  });
