import {
  FRAME_FAULTS,
  type FrameError,
  type FrameFault,
} from "../shared/contract/frame.js";
import { type Clock, type MonoMs, since } from "../shared/runtime/clock.js";
import type { Log } from "../shared/runtime/log.js";
import type { Journal } from "./journal.js";

const MINUTE_MS = 60_000;

/** A burst is over when nothing more of it has come for so long, or when it has lasted for a minute. */
const QUIET_MS = 10_000;

/** Messages that were no frames for us: one line when a burst of one reason begins, one event when it is over. */
export interface Refusals {
  readonly count: number;
  readonly byFault: Readonly<Record<FrameFault, number>>;
  add(error: FrameError): void;
  /** Notes the bursts that are over. To be called about once a second. */
  sweep(journal: Journal): void;
  /** Why the last one was refused, null when that is a minute ago. */
  recent(now: MonoMs): string | null;
}

interface Burst {
  readonly begun: MonoMs;
  readonly lastAt: MonoMs;
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
  readonly example: string;
}

export function openRefusals(clock: Clock, log: Log): Refusals {
  const byFault = Object.fromEntries(
    FRAME_FAULTS.map((fault) => [fault, 0]),
  ) as Record<FrameFault, number>;
  const bursts = new Map<FrameFault, Burst>();
  let last: { readonly at: MonoMs; readonly reason: string } | null = null;
  return {
    byFault,
    get count() {
      return Object.values(byFault).reduce((sum, count) => sum + count, 0);
    },
    add({ fault, message: reason }) {
      const [at, toMs] = [clock.mono(), clock.wall()];
      byFault[fault]++;
      last = { at, reason };
      const burst = bursts.get(fault);
      if (burst === undefined) log.warn("frame_refused", { fault, reason });
      const begin = { begun: at, fromMs: toMs, count: 0, example: reason };
      const { count, ...rest } = burst ?? begin;
      bursts.set(fault, { ...rest, lastAt: at, toMs, count: count + 1 });
    },
    sweep(journal) {
      const now = clock.mono();
      for (const [fault, burst] of bursts) {
        const { lastAt, begun, fromMs, toMs, count, example } = burst;
        if (since(lastAt, now) < QUIET_MS && since(begun, now) < MINUTE_MS)
          continue;
        bursts.delete(fault);
        journal.note("frames_refused", { fault, count, fromMs, toMs, example });
      }
    },
    recent: (now) =>
      last !== null && since(last.at, now) < MINUTE_MS ? last.reason : null,
  };
}
