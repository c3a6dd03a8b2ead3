import type { HeldSeqs } from "../../shared/bus/ring.js";
import type { Identity } from "../../shared/contract/frame.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";

/** ms without an offer after which a run is gone: its missing frames are given up. */
const GONE_MS = MINUTE_MS;

/** Runs remembered; beyond it the one changed longest ago is forgotten. Two for each possible name. */
const RUNS_MAX = 512;

/** `offered`: its frames can be requested. `heard`: it sends, but offers no frames. */
export type RingState = "offered" | "heard" | "gone";

/** The states of the runs at one instant. */
export interface RingStates {
  /** The oldest seq a run still holds; null if unknown. */
  firstHeld(name: string, boot: string): number | null;
  presence(name: string, boot: string): RingState;
}

/** What the sources offer. In memory only: after a start of the recorder, sources have GONE_MS to say it again. */
export interface RingAvailability {
  /** A frame of a run arrived. */
  hear(name: string, boot: string, now: MonoMs): void;
  /** A source says what it holds. @returns the last seq it held the time before, 0 the first time */
  offer(
    run: { readonly name: string; readonly boot: string } & HeldSeqs,
    now: MonoMs,
  ): number;
  /** A frame of a newer version: requesting it is useless. */
  unreadable(identity: Identity): void;
  /** The last of consecutive unreadable seqs from this one on; null if this one is readable. */
  unreadableTo(identity: Identity): number | null;
  at(now: MonoMs): RingStates;
  readonly counts: {
    /** Runs forgotten because there were too many. */
    readonly forgotten: number;
  };
}

interface Run {
  readonly held: HeldSeqs | null;
  readonly heardAt: MonoMs;
  /** When it last said what it holds; initially when it was first heard, as a hello follows within a second. */
  readonly offeredAt: MonoMs;
  /** One span suffices: all frames of a run have the same version. */
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

  /** Moves the changed run to the end, so that the first is the one to forget. */
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
