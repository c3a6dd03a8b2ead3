import { setTimeout as timeout } from "node:timers/promises";

declare const monoBrand: unique symbol;
declare const wallBrand: unique symbol;

/** An instant on the monotonic clock, ms. Only good for differences within one boot of the machine. */
export type MonoMs = number & { readonly [monoBrand]: true };

/** An instant on the wall clock, ms since 1970. It may step. */
export type WallMs = number & { readonly [wallBrand]: true };

export interface Clock {
  mono(): MonoMs;
  wall(): WallMs;
  /** Returns at or after `due`, never before; at once when `stop` is aborted. */
  sleepUntil(due: MonoMs, stop: AbortSignal): Promise<void>;
}

/** How long after `from` is `to`, ms. */
export const msSince = (from: MonoMs, to: MonoMs): number => to - from;

/** The instant `ms` after `at`. */
export const later = <T extends MonoMs | WallMs>(at: T, ms: number): T =>
  (at + ms) as T;

/** Waits for work, but no longer than that; what is left of it goes on by itself, and keeps no process alive. */
export const atMost = (ms: number, work: Promise<void>): Promise<void> =>
  Promise.race([work, timeout(ms, undefined, { ref: false })]);

/** How long this machine runs, ms, by the clock that each process's monotonic one is a part of. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export const systemClock: Clock = {
  mono: () => performance.now() as MonoMs,
  wall: () => Date.now() as WallMs,
  async sleepUntil(due, stop) {
    // Node's timers count whole milliseconds and may fire a fraction early, hence the loop.
    for (
      let ms = due - performance.now();
      ms > 0 && !stop.aborted;
      ms = due - performance.now()
    )
      await timeout(Math.max(1, Math.ceil(ms)), undefined, {
        signal: stop,
      }).catch(() => undefined);
  },
};
