import { since, type Clock, type MonoMs } from "../shared/clock.js";
import type { Log } from "../shared/log.js";

const MINUTE_MS = 60_000;

/** Messages that were no frames for us. Told once a minute at most, however many come. */
export interface Refusals {
  readonly count: number;
  add(reason: string): void;
  /** Why the last one was refused, null when that is a minute ago. */
  recent(now: MonoMs): string | null;
}

export function openRefusals(clock: Clock, log: Log): Refusals {
  let count = 0;
  let told: { readonly at: MonoMs; readonly count: number } | null = null;
  let last: { readonly at: MonoMs; readonly reason: string } | null = null;
  return {
    get count() {
      return count;
    },
    add(reason) {
      const at = clock.mono();
      count++;
      last = { at, reason };
      if (told !== null && since(told.at, at) < MINUTE_MS) return;
      log.warn("frame_refused", { reason, count: count - (told?.count ?? 0) });
      told = { at, count };
    },
    recent: (now) =>
      last !== null && since(last.at, now) < MINUTE_MS ? last.reason : null,
  };
}
