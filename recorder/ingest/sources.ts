import type { Frame } from "../../shared/contract/frame.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import { type MonoMs, msSince } from "../../shared/runtime/clock.js";

/** WANs in one history, including removed ones; frames of further names are refused. */
export const NAMES_MAX = 256;

/** Runs of one name: this many at once, then one every ten seconds; more are refused. Each leaves a row. */
const RUNS_BURST = 64;
const RUN_EVERY_MS = 10_000;

/** Runs remembered; beyond it the first is forgotten, and counts as new if it comes again. */
const RUNS_MAX = 1_024;

/** Decides which names and runs are recorded; limits what senders on the bus can add for good. */
interface Roster {
  /** Adds names that have a history already. */
  enter(names: Iterable<string>): void;
  knows(name: string): boolean;
  /** Why a run is refused; null if it is not. */
  refuses(name: string, boot: string, now: MonoMs): string | null;
}

export function createNameList(): Roster {
  const names = new Set<string>();
  const runs = new Set<string>();
  const budgets = new Map<string, { left: number; at: MonoMs }>();

  function spend(name: string, now: MonoMs): boolean {
    const before = budgets.get(name) ?? { left: RUNS_BURST, at: now };
    const more = msSince(before.at, now) / RUN_EVERY_MS;
    const left = Math.min(RUNS_BURST, before.left + more) - 1;
    if (left < 0) return false;
    budgets.set(name, { left, at: now });
    return true;
  }

  return {
    enter(known) {
      for (const name of known) names.add(name);
    },
    knows: (name) => names.has(name),
    refuses(name, boot, now) {
      const key = `${name}/${boot}`;
      if (runs.has(key)) return null;
      if (!names.has(name) && names.size >= NAMES_MAX)
        return `at most ${NAMES_MAX} names have a history: one more`;
      if (!spend(name, now))
        return `a name has at most ${RUNS_BURST} runs at once, then one in ${RUN_EVERY_MS / 1e3} s: one more`;
      names.add(name);
      runs.add(key);
      const [oldest = ""] = runs;
      if (runs.size > RUNS_MAX) runs.delete(oldest);
      return null;
    },
  };
}

/** A run without frames for this long, ms, is gone. */
const LIVE_MS = MINUTE_MS;

/** Two runs of one name heard within this time, ms, are two processes at once, unless one followed the other. */
const DOUBLE_MS = 10_000;

/** Frames of one run may arrive this long after the first ones of the next, ms. */
const HANDOVER_MS = 1_000;

/** One run of a publishing process. */
export interface Source {
  readonly name: string;
  readonly boot: string;
  readonly since: MonoMs;
  readonly heardAt: MonoMs;
  /** The newest stored frame; 0 and null if there is none. */
  readonly lastSeq: number;
  readonly lastAtMs: number | null;
}

/** The controllers heard now. */
export interface Sources {
  /** A frame arrived. @returns whether it is the first of its run */
  hear(frame: Frame, now: MonoMs): boolean;
  stored(frames: readonly Frame[]): void;
  /** Forgets silent runs and returns them. */
  sweep(now: MonoMs): Source[];
  live(): Source[];
  /** Names under which two processes publish at once. */
  doubled(now: MonoMs): string[];
  bootsOf(name: string): string[];
}

const keyOf = ({ name, boot }: Pick<Source, "name" | "boot">): string =>
  `${name}/${boot}`;

export function createSources(): Sources {
  const runs = new Map<string, Source>();
  const live = () => [...runs.values()];
  return {
    live,
    hear({ source: name, boot }, now) {
      const key = keyOf({ name, boot });
      const run = runs.get(key);
      const fresh = { name, boot, since: now, lastSeq: 0, lastAtMs: null };
      runs.set(key, { ...(run ?? fresh), heardAt: now });
      return run === undefined;
    },
    stored(frames) {
      for (const { source: name, boot, seq, at } of frames) {
        const key = keyOf({ name, boot });
        const run = runs.get(key);
        if (run !== undefined && seq > run.lastSeq)
          runs.set(key, { ...run, lastSeq: seq, lastAtMs: at });
      }
    },
    sweep(now) {
      const gone = live().filter((run) => msSince(run.heardAt, now) >= LIVE_MS);
      for (const run of gone) runs.delete(keyOf(run));
      return gone;
    },
    bootsOf: (name) =>
      live().flatMap((run) => (run.name === name ? [run.boot] : [])),
    doubled(now) {
      const heard = live().filter(
        (run) => msSince(run.heardAt, now) < DOUBLE_MS,
      );
      const byName = new Map<string, Source[]>();
      for (const run of heard)
        byName.set(run.name, [...(byName.get(run.name) ?? []), run]);
      return [...byName].flatMap(([name, runs]) =>
        runs.some((run) => runs.some((other) => overlap(run, other)))
          ? [name]
          : [],
      );
    },
  };
}

/** Whether `run` began no later than `other` and was still heard well after that began. */
const overlap = (run: Source, other: Source): boolean =>
  run !== other &&
  run.since <= other.since &&
  msSince(other.since, run.heardAt) > HANDOVER_MS;
