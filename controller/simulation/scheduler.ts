/** A radio's scheduler: while its direction is in use every packet waits longer, however much or little is sent. */
export interface Scheduler {
  /** One millisecond in which so many of so many possible bytes passed. */
  pass(bytes: number, capacity: number): void;
  addedMs(): number;
}

/** The line counts as in use from this part of its capacity on, over about this time. */
const USED_RATIO = 0.1;
const MEMORY_MS = 100;

export function openScheduler(ms: number): Scheduler {
  let use = 0;
  return {
    pass(bytes, capacity) {
      if (ms === 0 || capacity === 0) return;
      use += (bytes / capacity - use) / MEMORY_MS;
    },
    addedMs: () => ms * Math.min(1, use / USED_RATIO),
  };
}
