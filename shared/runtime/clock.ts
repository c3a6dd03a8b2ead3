import { setTimeout as timeout } from "node:timers/promises";

declare const monoBrand: unique symbol;
declare const wallBrand: unique symbol;

/** An instant on the monotonic clock, ms. Meaningful only for differences within one process. */
export type MonoMs = number & { readonly [monoBrand]: true };

/** An instant on the wall clock, ms since 1970. It may step. */
export type WallMs = number & { readonly [wallBrand]: true };

export interface Clock {
  mono(): MonoMs;
  wall(): WallMs;
  /** Returns at or after `due`, never earlier; at once when `stop` is aborted. */
  sleepUntil(due: MonoMs, stop: AbortSignal): Promise<void>;
}

/** Time from `from` to `to`, ms. */
export const msSince = (from: MonoMs, to: MonoMs): number => to - from;

/** The instant `ms` after `at`. */
export const later = <T extends MonoMs | WallMs>(at: T, ms: number): T =>
  (at + ms) as T;

/** Waits for work, at most `ms`. Unfinished work goes on in the background; the timer keeps no process alive. */
export const atMost = (ms: number, work: Promise<void>): Promise<void> =>
  Promise.race([work, timeout(ms, undefined, { ref: false })]);

/** Uptime of the machine, ms: CLOCK_MONOTONIC, the same for all processes. */
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
