import { Packr } from "msgpackr";
import { Dealer, Publisher } from "zeromq";
import type { Random } from "../../../controller/simulation/random.js";
import {
  encodeFrame,
  KINDS,
  type Message,
} from "../../../shared/contract/frame.js";
import { systemClock } from "../../../shared/runtime/clock.js";
import { ipc, type RunFolder } from "../../../shared/runtime/paths.js";
import { cycle, sample, stamped, transition } from "../../fakes/frames.js";

const packr = new Packr({ useRecords: false, variableMapSize: true });

const NUMBERS: readonly unknown[] = [
  ...[0, -1, 2 ** 31, 2 ** 53 - 1, NaN, Infinity, -Infinity, 1e308, 0.5, null],
];

const MESSAGES: readonly (() => Message)[] = [
  cycle,
  transition,
  () => sample(1),
  () => ({ kind: "event", event: "paused", detail: { a: 1, b: "two" } }),
  () => ({ kind: "config", trigger: "start", config: { a: { b: 1 } } }),
];

/** Sockets of somebody who says what he likes. */
export interface Stranger extends Disposable {
  frame(topic: string, bytes: Buffer): void;
  sync(head: object, frames?: readonly Buffer[]): void;
}

export function openStranger(run: RunFolder): Stranger {
  const options = { linger: 0, sendTimeout: 0, sendHighWaterMark: 50_000 };
  const frames = new Publisher(options);
  const sync = new Dealer(options);
  frames.connect(ipc(run.frames));
  sync.connect(ipc(run.sync));
  return {
    frame: (topic, bytes) =>
      void frames.send([topic, bytes]).catch(() => undefined),
    sync: (head, more = []) =>
      void sync.send([packr.pack(head), ...more]).catch(() => undefined),
    [Symbol.dispose]() {
      frames.close();
      sync.close();
    },
  };
}

/** One message of any kind, one or two of its fields spoilt or exchanged; said once or many times. */
export function spoilt(stranger: Stranger, random: Random): void {
  const pick = <T>(list: readonly T[]): T =>
    list[Math.floor(random.uniform() * list.length)] as T;
  const spoil = (message: object): Record<string, unknown> => {
    const found = { ...message } as Record<string, unknown>;
    for (let n = pick([0, 1, 1, 1, 2]); n > 0; n--) {
      const [one, other] = [pick(Object.keys(found)), pick(Object.keys(found))];
      const inner: unknown = found[one];
      if (Array.isArray(inner)) found[one] = inner.map(spoil);
      else if (pick([true, false])) found[one] = pick(NUMBERS);
      else [found[one], found[other]] = [found[other], found[one]];
    }
    return found;
  };
  const source = pick(["odd", "strange", "spectrum-2", "att"]);
  const boot = pick(["1", "2", "3"]).repeat(16);
  const seq = pick([1, 2, 7, 500, 9_999, 2 ** 31, 2 ** 36, 2 ** 53 - 1]);
  const held = [{ boot, first: 1, last: seq }];
  const times = pick([1, 1, 1, 20]);
  const what = pick(["frame", "frame", "frame", "hello", "state", "resend"]);
  for (let n = 0; n < times; n++)
    if (what === "frame") {
      const at = systemClock.wall() - pick([0, 0, 1e3, 3.6e6, 4e8]);
      const frame = stamped(pick(MESSAGES)(), seq, { source, boot, at });
      const v = pick([frame.v, frame.v, 99]);
      const bytes = packr.pack(spoil({ ...frame, v }));
      stranger.frame(`${source}/${pick(KINDS)}`, bytes);
      stranger.frame(`${source}/${frame.kind}`, bytes);
    } else {
      const head = { v: 1, kind: what, source, boot };
      const state = { committed: seq, want: { from: 1, to: seq } };
      const own = { held, leaving: pick([true, false]), from: seq, done: true };
      const more =
        what === "resend" ? Array<Buffer>(50).fill(Buffer.alloc(2_000)) : [];
      stranger.sync(spoil({ ...head, ...state, ...own }), more);
    }
}

/** One frame of any name, run and series, whole. */
export const whole = (
  message: Message,
  seq: number,
  source: string,
  boot: string,
): Buffer =>
  encodeFrame(stamped(message, seq, { source, boot, at: systemClock.wall() }));
