import type { HeldSeqs } from "../../shared/bus/ring.js";
import type { Identity } from "../../shared/contract/frame.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";

/** A run that no ring has offered for so long is gone, ms. */
const GONE_MS = MINUTE_MS;

/** Runs remembered. A process has one, and a restart makes another: two for each name there may be. */
const RUNS_MAX = 512;

/** `offered`: its frames may still be had. `heard`: it sends, but keeps nothing. */
export type RingState = "offered" | "heard" | "gone";

/** How the runs stand at one instant. */
export interface RingStates {
  /** The oldest seq a run still holds, null where it has not said. */
  firstHeld(name: string, boot: string): number | null;
  presence(name: string, boot: string): RingState;
}

/** What the sources say they hold. Memory only: after a start of ours everybody has GONE_MS to say it again. */
export interface RingAvailability {
  /** A frame of a run came. */
  hear(name: string, boot: string, now: MonoMs): void;
  /** A source says what it holds. Returns the last seq it held the time before, 0 the first time. */
  offer(
    run: { readonly name: string; readonly boot: string } & HeldSeqs,
    now: MonoMs,
  ): number;
  /** A frame that this program is too old for: it would come in vain again. */
  unreadable(identity: Identity): void;
  /** The last seq of such frames, in a row, from this one on; null where it is none. */
  unreadableTo(identity: Identity): number | null;
  at(now: MonoMs): RingStates;
  readonly counts: {
    /** Runs forgotten before they were gone, because there were too many. */
    readonly forgotten: number;
  };
}

interface Run {
  readonly held: HeldSeqs | null;
  readonly heardAt: MonoMs;
  /** When it last said what it holds; at first when it was first heard, for that comes within a second. */
  readonly offeredAt: MonoMs;
  /** Frames of a run are all of one version, so one span has them all. */
  readonly unreadable: HeldSeqs | null;
}

const keyOf = (name: string, boot: string): string => `${name}/${boot}`;

export function createRingAvailability(
  startedAt: MonoMs,
  goneMs = GONE_MS,
): RingAvailability {
  const runs = new Map<string, Run>();
  const counts = { forgotten: 0 };

  const isLate = (at: MonoMs, now: MonoMs) => msSince(at, now) >= goneMs;

  /** The one changed last stands last. */
  function change(key: string, now: MonoMs, change: Partial<Run>): void {
    const fresh = {
      held: null,
      heardAt: now,
      offeredAt: now,
      unreadable: null,
    };
    const run = { ...(runs.get(key) ?? fresh), ...change };
    runs.delete(key);
    runs.set(key, run);
    const [oldest] = runs.keys();
    if (runs.size <= RUNS_MAX || oldest === undefined) return;
    runs.delete(oldest);
    counts.forgotten++;
  }

  return {
    counts,
    hear(name, boot, now) {
      change(keyOf(name, boot), now, { heardAt: now });
    },
    offer({ name, boot, first, last }, now) {
      const key = keyOf(name, boot);
      const before = runs.get(key)?.held?.last ?? 0;
      change(key, now, { held: { first, last }, offeredAt: now });
      return before;
    },
    unreadable({ source, boot, seq }) {
      const key = keyOf(source, boot);
      const run = runs.get(key);
      const { first, last } = run?.unreadable ?? { first: seq, last: seq };
      change(key, run?.heardAt ?? startedAt, {
        unreadable: { first: Math.min(first, seq), last: Math.max(last, seq) },
      });
    },
    unreadableTo({ source, boot, seq }) {
      const span = runs.get(keyOf(source, boot))?.unreadable;
      return span != null && span.first <= seq && seq <= span.last
        ? span.last
        : null;
    },
    at: (now) => ({
      firstHeld: (name, boot) =>
        runs.get(keyOf(name, boot))?.held?.first ?? null,
      presence(name, boot) {
        const { heardAt, offeredAt } = runs.get(keyOf(name, boot)) ?? {
          heardAt: startedAt,
          offeredAt: startedAt,
        };
        if (!isLate(offeredAt, now)) return "offered";
        return isLate(heardAt, now) ? "gone" : "heard";
      },
    }),
  };
}
