import { type CatchUp, openCatchUp } from "../../recorder/ingest/catch-up.js";
import { type Intake, openIntake } from "../../recorder/ingest/intake.js";
import { openStore, type Store } from "../../recorder/store/store.js";
import { createRing, type Ring } from "../../shared/bus/ring.js";
import { type StateReply, SYNC_VERSION } from "../../shared/bus/sync.js";
import {
  encodeFrame,
  type Frame,
  type Message,
} from "../../shared/contract/frame.js";
import { cycle, sample, stamped, transition } from "../fakes/frames.js";
import { handClock } from "../fakes/hand-clock.js";
import { collectedLog } from "./collected-log.js";

const NAME = "spectrum";
const MAKE: readonly (() => Message)[] = [cycle, transition, () => sample(1)];

/** What becomes of a frame on its way: some are no good, however they come. */
export const FATES = [
  "heard",
  "heard",
  "lost",
  "late",
  "bad",
  "ahead",
] as const;
export type Fate = (typeof FATES)[number];

export interface Run {
  readonly boot: string;
  readonly ring: Ring;
  readonly sent: Map<number, Buffer>;
  /** Cannot be read at all. */
  readonly bad: Set<number>;
  /** Stamped with a time to come: to be refused, until it has come. */
  readonly ahead: Set<number>;
}

/** A controller, the bus and a recorder on a clock that is moved by hand; what a hello leads to happens at once. */
export class World {
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
      ahead: new Set(),
    });
  }

  get run(): Run {
    return this.runs.at(-1)!;
  }

  publish(fates: readonly Fate[]) {
    for (const fate of fates) {
      const { boot, ring, sent, bad, ahead } = this.run;
      this.clock.advance(50);
      const seq = sent.size + 1;
      const at = this.clock.wall() + (fate === "ahead" ? 200_000 : 0);
      const frame = stamped(MAKE[seq % 3]!(), seq, { boot, at });
      const spoilt = { ...frame, kind: "nonsense" } as unknown as Frame;
      const bytes = encodeFrame(fate === "bad" ? spoilt : frame);
      if (fate === "bad") bad.add(seq);
      if (fate === "ahead") ahead.add(seq);
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

  private resend(want: StateReply["want"], slices: number) {
    if (want === null) return;
    const { boot, ring } = this.run;
    const frames = ring.slice(want.from, want.to);
    const from = Math.max(want.from, ring.held()?.first ?? want.from);
    for (let i = 0, n = 0; n < slices; i += 3, n++) {
      const done = i + 3 >= frames.length;
      const more = this.catchUp.resend(
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
      if (!done) continue;
      if (more !== null) this.resend(more.want, slices);
      return;
    }
  }

  /** Sends frames again, whether or not they are asked for. */
  answer(from: number, count: number, done: boolean) {
    const { boot, sent } = this.run;
    const frames = Array.from(
      { length: count },
      (_, i) => sent.get(from + i) ?? Buffer.from("none"),
    );
    const head = { boot, from, done, source: NAME };
    this.catchUp.resend({ v: SYNC_VERSION, kind: "resend", ...head }, frames);
  }

  get counts(): CatchUp["counts"] {
    return this.catchUp.counts;
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
