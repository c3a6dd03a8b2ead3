import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { decodeFrame } from "../../../shared/contract/frame.js";
import { accountOf } from "../history.js";
import { temporaryFolder } from "../temporary.js";
import { DAY_MS } from "../upkeep-of.js";
import { type Fate, FATES, type Run, World } from "../world.js";

type Step = (world: World) => void;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 25 })
      .map(
        (fates): Step =>
          (world) =>
            world.publish(fates),
      ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(0, 1, 2, Infinity).map(
      (slices): Step =>
        (world) =>
          world.hello(slices),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((world) => world.commit()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.arrive()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.kill()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.boot()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1_000, 6_000, 58_000, 70_000).map(
      (ms): Step =>
        (world) =>
          world.clock.advance(ms),
    ),
  },
);

/** What is sent, and by how much the clock is set then. */
const period = fc.tuple(
  fc.array(fc.constantFrom<Fate>("heard", "lost", "late"), {
    minLength: 1,
    maxLength: 20,
  }),
  fc
    .constantFrom(90_000, 3_600_000, 400 * DAY_MS)
    .chain((ms) => fc.constantFrom(ms, -ms)),
);

const numbers = (to: number) => Array.from({ length: to }, (_, i) => i + 1);

describe("CatchUp", () => {
  const folder = temporaryFolder();
  let count = 0;
  const inWorld = (live: (world: World, path: string) => void) => {
    const path = join(folder.path, `${++count}.db`);
    const world = new World(path);
    try {
      live(world, path);
    } finally {
      world.end();
    }
  };

  it("accounts for every frame once, whatever is lost, late, refused, killed or restarted (INTG-04)", () =>
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) =>
        inWorld((world, path) => {
          for (const each of steps) each(world);
          world.publish(["heard"]);
          world.pass(4);
          world.arrive();
          world.pass(62);
          for (const run of world.runs) check(path, run, run === world.run);
        }),
      ),
      { numRuns: 120 },
    ));

  // wall clock:   12:00 | 13:00 14:00 | 11:00 ..      frames of 14:00 come by and by, and are taken
  it("loses nothing to a clock that is set ahead and back, whatever is lost or late meanwhile (STOR-04, INTG-04)", () =>
    fc.assert(
      fc.property(fc.array(period, { minLength: 1, maxLength: 8 }), (periods) =>
        inWorld((world, path) => {
          for (const [fates, stepMs] of periods) {
            world.publish(fates);
            world.commit();
            world.clock.step(stepMs);
            world.hello(1);
          }
          world.publish(["heard"]);
          world.arrive();
          world.pass(20);
          const account = accountOf(path, world.run.boot);
          const { missing, lost, refused } = account!;
          expect([missing, lost, refused]).to.deep.equal([[], [], []]);
          expect(account!.stored.size).to.equal(world.run.sent.size);
        }),
      ),
      { numRuns: 60 },
    ));

  function check(
    path: string,
    { boot, sent, bad, ahead, ring }: Run,
    isLive: boolean,
  ) {
    const account = accountOf(path, boot);
    if (account === null) return expect(isLive).to.equal(false);
    const { stored, missing, lost, refused, lastSeq, tail } = account;
    const all = [...stored.keys(), ...missing, ...lost, ...refused];
    expect(all.sort((a, b) => a - b)).to.deep.equal(numbers(lastSeq));
    expect(account.doubled).to.equal(0);
    expect(missing, "nothing stays missing").to.be.empty;
    for (const [seq, row] of stored) {
      const {
        v,
        source,
        boot: of,
        mono,
        ...was
      } = decodeFrame(sent.get(seq)!).frame;
      expect([v, source, of, mono]).to.have.length(4);
      expect(row).to.deep.equal(was);
    }
    for (const seq of stored.keys()) expect(bad.has(seq)).to.equal(false);
    for (const seq of refused)
      expect(bad.has(seq) || ahead.has(seq)).to.equal(true);
    if (isLive) {
      expect(lastSeq).to.equal(sent.size);
      expect(tail).to.equal(null);
      const first = ring.held()?.first ?? sent.size + 1;
      expect(lost.filter((seq) => seq >= first)).to.be.empty;
    } else expect(tail![0]).to.be.at.most(tail![1]);
    for (const seq of lost) {
      if (ahead.has(seq) || bad.has(seq)) continue; // no stamp, or of another time
      const { at } = decodeFrame(sent.get(seq)!).frame;
      const [from, to] = account.bounds(seq);
      expect(at).to.be.within(from ?? 0, to);
    }
    return undefined;
  }

  it("asks for nothing twice at a time, and again after 5 s", () =>
    inWorld((world, path) => {
      world.publish(Array<Fate>(10).fill("lost"));
      world.hello();
      world.publish(["heard"]);
      world.hello(0); // asks, and nothing comes
      world.clock.advance(4_999);
      world.hello();
      world.commit();
      expect(accountOf(path, world.run.boot)?.missing).to.have.length(10);
      world.clock.advance(1);
      world.hello();
      world.commit();
      expect(accountOf(path, world.run.boot)?.stored.size).to.equal(11);
    }));

  it("asks neither for what waits in memory nor for what is newer than the hello before", () =>
    inWorld((world) => {
      world.publish(["lost", "heard", "lost", "heard"]);
      world.hello();
      expect(world.waiting).to.equal(2);
      world.publish(["lost", "lost"]);
      world.hello(); // 1, then 3: 5 and 6 were not held the time before
      expect(world.waiting).to.equal(4);
      world.hello(); // 5 and 6
      expect(world.waiting).to.equal(6);
      expect(world.counts).to.include({ wanted: 4, resent: 4, overdue: 0 });
    }));

  it("fills one hole after the other as fast as they are answered (INTG-04)", () =>
    inWorld((world) => {
      for (let i = 0; i < 14; i++) world.publish(["lost", "heard"]);
      world.hello();
      expect(world.waiting).to.equal(14);
      world.hello();
      expect(world.waiting).to.equal(28);
    }));

  it("leaves alone what nobody asked for (STOR-07)", () =>
    inWorld((world) => {
      world.publish(["lost", "lost", "heard"]);
      world.answer(1, 2, true);
      expect(world.counts).to.include({ unasked: 1, resent: 0 });
      world.hello();
      world.hello(0);
      // of the two that are wanted: not both and one more, not again, nor of another run
      for (const [from, count] of [
        [1, 3],
        [2, 2],
        [4, 1],
      ] as const)
        world.answer(from, count, false);
      expect(world.counts).to.include({ unasked: 4, resent: 0 });
      world.answer(1, 1, false);
      world.answer(1, 1, false);
      world.answer(2, 1, true);
      expect(world.counts).to.include({ unasked: 5, resent: 2 });
    }));

  it("does not wait with the last frames of who is leaving", () =>
    inWorld((world, path) => {
      world.publish(["heard", "lost", "lost"]);
      world.hello(Infinity, true);
      world.hello(Infinity, true);
      expect(accountOf(path, world.run.boot)?.lastSeq).to.equal(3);
    }));

  it("leaves room for what comes by itself while nothing can be written", () =>
    inWorld((world) => {
      world.publish(Array<Fate>(50).fill("lost"));
      world.hello();
      world.publish(Array<Fate>(31).fill("heard"));
      world.hello();
      expect(world.waiting).to.equal(31);
    }));

  it("closes a dead run with the time its last frames may have been sent in (INTG-04)", () =>
    inWorld((world, path) => {
      world.publish(["heard", "heard", "heard"]);
      const from = world.clock.wall();
      world.commit();
      world.publish(["lost", "lost"]);
      const [dead] = world.runs;
      world.boot();
      world.clock.advance(3_000);
      world.publish(["lost", "lost", "heard"]);
      world.pass(61);
      expect(accountOf(path, dead!.boot)).to.deep.include({
        lastSeq: 3,
        lost: [],
        tail: [from, from + 2 * 50 + 3_000 + 50],
      });
      expect(accountOf(path, world.run.boot)?.stored.size).to.equal(3);
    }));
});
