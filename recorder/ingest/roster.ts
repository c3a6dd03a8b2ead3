import { type MonoMs, since } from "../../shared/runtime/clock.js";

/** WANs in one history, gone ones too. A machine has a handful. */
export const NAMES_MAX = 256;

/** Runs of one name: so many at once, and one more every ten seconds. Each leaves a row for as long as events are kept. */
const RUNS_BURST = 64;
const RUN_EVERY_MS = 10_000;

/** Runs remembered; of more than that, the one that came first counts again as new. */
const RUNS_MAX = 1_024;

/** Whose frames are taken: what anybody on the bus may make us keep for good is bounded here. */
export interface Roster {
  /** These have a history already. */
  enter(names: Iterable<string>): void;
  knows(name: string): boolean;
  /** Why a run is not taken, null where it is. */
  refuses(name: string, boot: string, now: MonoMs): string | null;
}

export function createRoster(): Roster {
  const names = new Set<string>();
  const runs = new Set<string>();
  const budgets = new Map<string, { left: number; at: MonoMs }>();

  function spend(name: string, now: MonoMs): boolean {
    const before = budgets.get(name) ?? { left: RUNS_BURST, at: now };
    const more = since(before.at, now) / RUN_EVERY_MS;
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
