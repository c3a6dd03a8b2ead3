import {
  done,
  failed,
  type Outcome,
  type Rates,
  type Backend,
} from "../../controller/shapers/shaper.js";
import type { Direction } from "../../shared/contract/direction.js";
import type { FaultKind } from "../../shared/contract/router-call.js";
import type { Clock, MonoMs } from "../../shared/runtime/clock.js";

/** How the router takes the next operations. */
export type Mood = "fine" | "lies" | FaultKind;

export interface Write {
  readonly at: MonoMs;
  readonly direction: Direction;
  readonly bps: number;
  /** What the writer believed to be in force. */
  readonly beforeBps: number;
}

/** A router by hand: each operation takes `latencyMs` of the clock, and ends at the next `settle()` after that. */
export interface HandRouter extends Backend {
  rates: Record<Direction, number>;
  mood: Mood;
  latencyMs: number;
  readonly writes: readonly Write[];
  readonly reads: readonly MonoMs[];
  /** Operations under way, and the most there ever were at once. */
  readonly inFlight: { now: number; most: number };
  settle(): Promise<void>;
}

export function handRouter(clock: Clock): HandRouter {
  const writes: Write[] = [];
  const reads: MonoMs[] = [];
  const inFlight = { now: 0, most: 0 };
  const told: Record<Direction, number> = { download: NaN, upload: NaN };
  let pending: { due: number; end: () => void }[] = [];

  function operate<T>(act: () => Outcome<T>): Promise<Outcome<T>> {
    inFlight.now++;
    inFlight.most = Math.max(inFlight.most, inFlight.now);
    return new Promise((resolve) =>
      pending.push({
        due: clock.mono() + router.latencyMs,
        end() {
          inFlight.now--;
          const { mood } = router;
          resolve(
            mood === "fine" || mood === "lies" ? act() : failed(mood, mood),
          );
        },
      }),
    );
  }

  const router: HandRouter = {
    backend: "routeros",
    rates: { download: 50e6, upload: 10e6 },
    mood: "fine",
    latencyMs: 0,
    writes,
    reads,
    inFlight,
    readRates() {
      reads.push(clock.mono());
      return operate(() =>
        done<Rates>({ ...Object.assign(told, router.rates) }),
      );
    },
    setRate(direction, bps) {
      const beforeBps = told[direction];
      writes.push({ at: clock.mono(), direction, bps, beforeBps });
      return operate(() => {
        if (router.mood === "fine") router.rates[direction] = bps;
        return done((told[direction] = router.rates[direction]));
      });
    },
    describe: () => operate(() => done({ is: "by hand", warnings: [] })),
    async settle() {
      for (;;) {
        await new Promise(setImmediate);
        const ended = pending.filter(({ due }) => due <= clock.mono());
        if (ended.length === 0) return;
        pending = pending.filter((one) => !ended.includes(one));
        for (const { end } of ended) end();
      }
    },
    // what is under way ends as if nobody had answered
    [Symbol.asyncDispose]() {
      router.mood = "unreachable";
      for (const { end } of pending) end();
      pending = [];
      return Promise.resolve();
    },
  };
  return router;
}
