import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { createRing, type Ring } from "../../shared/bus/ring.js";
import { SYNC_VERSION, type State } from "../../shared/bus/sync.js";
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  type Message,
} from "../../shared/frame.js";
import { openCatchUp, type CatchUp } from "../../recorder/catch-up.js";
import { openIntake, type Intake } from "../../recorder/intake.js";
import { openStore, type Store } from "../../recorder/store/store.js";
import { cycle, sample, stamped, transition } from "../fakes/frames.js";
import { handClock } from "../fakes/hand-clock.js";
import { collectedLog } from "./collected-log.js";
import { accountOf } from "./history.js";
import { temporaryFolder } from "./temporary.js";

const NAME = "spectrum";
const MAKE: readonly (() => Message)[] = [cycle, transition, () => sample(1)];

/** What becomes of a frame on its way: some are no good, however they come. */
const FATES = ["heard", "heard", "lost", "late", "bad", "ahead"] as const;
type Fate = (typeof FATES)[number];

interface Run {
  readonly boot: string;
  readonly ring: Ring;
  readonly sent: Map<number, Buffer>;
  readonly bad: Set<number>;
}

/** A controller, the bus and a recorder on a clock that is moved by hand; what a hello leads to happens at once. */
class World {
  readonly clock = handClock();
  readonly runs: Run[] = [];
  private store!: Store;
  private intake!: Intake;
  private catchUp!: CatchUp;
  private late: Buffer[] = [];
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.start();
    this.boot();
  }

  private start() {
    this.store = openStore(this.path, this.clock.wall());
    this.intake = openIntake(this.store, this.clock, collectedLog(), {
      waitingMax: 60,
    });
    this.catchUp = openCatchUp(this.store, this.intake, this.clock);
  }

  /** Whatever waits in memory is lost. */
  kill() {
    void this.store[Symbol.asyncDispose]();
    this.start();
  }

  boot() {
    this.runs.push({
      boot: (this.runs.length + 1).toString(16).padStart(16, "0"),
      ring: createRing({ minutes: 1, megabytes: 1 }),
      sent: new Map(),
      bad: new Set(),
    });
  }

  get run(): Run {
    return this.runs.at(-1)!;
  }

  publish(fates: readonly Fate[]) {
    for (const fate of fates) {
      const { boot, ring, sent, bad } = this.run;
      this.clock.advance(50);
      const seq = sent.size + 1;
      const at = this.clock.wall() + (fate === "ahead" ? 200_000 : 0);
      const frame = stamped(MAKE[seq % 3]!(), seq, { boot, at });
      const spoilt = { ...frame, kind: "nonsense" } as unknown as Frame;
      const bytes = encodeFrame(fate === "bad" ? spoilt : frame);
      if (fate === "bad" || fate === "ahead") bad.add(seq);
      sent.set(seq, bytes);
      ring.push(seq, this.clock.mono(), bytes);
      if (fate === "late") this.late.push(bytes);
      else if (fate !== "lost") this.intake.take(bytes);
    }
  }

  /** The second part of an exchange may be lost from some slice on. */
  hello(slices = Infinity, leaving = false) {
    const { boot, ring } = this.run;
    const held = ring.held();
    const states = this.catchUp.hello({
      v: SYNC_VERSION,
      kind: "hello",
      source: NAME,
      held: held === null ? [] : [{ boot, ...held }],
      leaving,
    });
    for (const { want } of states) this.resend(want, slices);
  }

  private resend(want: State["want"], slices: number) {
    if (want === null) return;
    const { boot, ring } = this.run;
    const frames = ring.slice(want.from, want.to);
    const from = Math.max(want.from, ring.held()?.first ?? want.from);
    for (let i = 0, n = 0; n < slices; i += 3, n++) {
      const done = i + 3 >= frames.length;
      this.catchUp.resend(
        {
          v: SYNC_VERSION,
          kind: "resend",
          source: NAME,
          boot,
          from: from + i,
          done,
        },
        frames.slice(i, i + 3),
      );
      if (done) return;
    }
  }

  get waiting(): number {
    return this.intake.waiting;
  }

  commit() {
    this.intake.commit();
  }

  arrive() {
    for (const bytes of this.late.reverse()) this.intake.take(bytes);
    this.late = [];
  }

  /** Time goes by as it does: a hello and a commit each second. */
  pass(seconds: number) {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1_000);
      this.hello();
      this.commit();
    }
  }

  end() {
    void this.store[Symbol.asyncDispose]();
  }
}

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
    )).timeout(20_000);

  function check(
    path: string,
    { boot, sent, bad, ring }: Run,
    isLive: boolean,
  ) {
    const account = accountOf(path, boot);
    if (account === null) return expect(isLive).to.equal(false);
    const { stored, missing, lost, refused, lastSeq, tail } = account;
    const all = [...stored.keys(), ...missing, ...lost, ...refused];
    expect(all.sort((a, b) => a - b)).to.deep.equal(numbers(lastSeq));
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
    for (const seq of refused) expect(bad.has(seq)).to.equal(true);
    if (isLive) {
      expect(lastSeq).to.equal(sent.size);
      expect(tail).to.equal(null);
      const first = ring.held()?.first ?? sent.size + 1;
      expect(lost.filter((seq) => seq >= first)).to.be.empty;
    } else expect(tail![0]).to.be.at.most(tail![1]);
    for (const seq of lost) {
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
