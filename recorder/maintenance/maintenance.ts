import { clamp, MINUTE_MS, SECOND_MS } from "../../shared/contract/units.js";
import {
  type Clock,
  later,
  type MonoMs,
  msSince,
} from "../../shared/runtime/clock.js";
import type { Log } from "../../shared/runtime/log.js";
import type { Journal } from "../journal.js";
import type { Sizes } from "../store/disk.js";
import { OWN_NAME } from "../store/ledger.js";
import { AHEAD_MS } from "../store/rollup/ahead.js";
import type { Store } from "../store/store.js";
import type { Upkeep } from "../store/upkeep.js";
import { type Keep, lagMs, plan } from "../tiers/retention.js";
import {
  eachRolledTier,
  ROLLED_TIERS,
  type RolledTier,
  TIERS,
} from "../tiers/tier.js";
import type { ClockWatch } from "./clock-watch.js";
import {
  openPressure,
  type Pressure,
  type PressureLimits,
} from "./pressure.js";

/** Does `work` once a second until `stop`. After a delay missed seconds are dropped; the phase is kept. */
export async function everySecond(
  clock: Clock,
  stop: AbortSignal,
  work: () => void,
): Promise<void> {
  let due = later(clock.mono(), SECOND_MS);
  for (;;) {
    await clock.sleepUntil(due, stop);
    if (stop.aborted) return;
    const missed = Math.floor(msSince(due, clock.mono()) / SECOND_MS);
    due = later(due, (1 + missed) * SECOND_MS);
    work();
  }
}

/** Time to the next slice if there is nothing to do, ms. */
const IDLE_MS = 1_000;

/** Shortest pause between two slices, ms. */
const PAUSE_MS = 20;

/**
 * Does `work` in slices until `stop`, with pauses as long as the slices: it takes half of the event loop's time at
 * most.
 * @param work one slice; returns whether there is more to do at once
 */
export async function inSlices(
  clock: Clock,
  stop: AbortSignal,
  work: () => boolean,
): Promise<void> {
  while (!stop.aborted) {
    const begun = clock.mono();
    const more = work();
    const now = clock.mono();
    const pauseMs = more ? Math.max(PAUSE_MS, msSince(begun, now)) : IDLE_MS;
    await clock.sleepUntil(later(now, pauseMs), stop);
  }
}

/** The amount of work per run that fits into a time budget, learnt from each run. */
interface Pace {
  readonly size: number;
  /** Reports the duration of the last run. */
  took(ms: number): void;
}

export function openPace(
  budgetMs: number,
  limits: { readonly min: number; readonly max: number },
): Pace {
  let size = limits.min;
  return {
    get size() {
      return size;
    },
    took(ms) {
      // down at once by the full ratio, up at most by a factor of two: a quick run may be an exception
      const ratio = clamp(budgetMs / Math.max(ms, 0.01), 0, 2);
      size = Math.round(clamp(size * ratio, limits.min, limits.max));
    },
  };
}

/** Time budget of a slice, ms: sockets wait meanwhile. */
const SLICE_MS = 20;

/** Buckets rolled up per slice at most: about 10 000 rows. */
const BUCKETS_MAX = 500;

/** Time between two rounds of expiry, ms. */
const EXPIRY_MS = 10_000;

/** Time between two checkpoints of the write-ahead log, ms: long, so that a page that changes often is written once. */
const CHECKPOINT_MS = MINUTE_MS;

/** Above this size, bytes, the write-ahead log is truncated once no reader uses it; tried at this interval, ms. */
const LOG_BYTES = 16 * 2 ** 20;
const TRUNCATE_MS = 10_000;

export interface RetentionPolicy extends PressureLimits {
  readonly keep: Keep;
  readonly eventMs: number;
}

/** Figures for health. */
interface Figures {
  readonly sizes: Sizes | null;
  /** How far each tier is behind the newest cycle, ms, for the WAN furthest behind. */
  readonly lagMs: Readonly<Record<RolledTier, number>>;
  readonly slices: number;
  readonly lastSliceMs: number | null;
  readonly longestSliceMs: number;
  /** Rows deleted since the start. */
  readonly expired: number;
  readonly vacuumedPages: number;
  /** Jumps of the wall clock. */
  readonly clockJumps: number;
  /** Why the last slice failed; null if it did not. */
  readonly failing: string | null;
}

/** Maintains the history between batches: rolls up, expires, frees disk space. */
export interface Maintenance {
  /** Does one slice of the most urgent work, about SLICE_MS long. @returns whether there is more to do at once */
  slice(): boolean;
  readonly figures: Figures;
  readonly clockWatch: ClockWatch;
  readonly pressure: Pressure;
}

export function openMaintenance(
  store: Store,
  clock: Clock,
  log: Log,
  parts: {
    readonly clockWatch: ClockWatch;
    readonly journal: Journal;
    /** May change between slices. */
    readonly policy: RetentionPolicy;
  },
): Maintenance {
  const { clockWatch, journal } = parts;
  const pressure = openPressure(() => parts.policy, journal);
  const rows = openPace(SLICE_MS, { min: 100, max: 10_000 });
  const pages = openPace(SLICE_MS, { min: 16, max: 4_096 });
  const figures = {
    sizes: null as Sizes | null,
    lagMs: eachRolledTier(() => 0),
    slices: 0,
    lastSliceMs: null as number | null,
    longestSliceMs: 0,
    expired: 0,
    vacuumedPages: 0,
    clockJumps: 0,
    failing: null as string | null,
  };
  /** Since when each WAN has rows in the future. */
  const ahead = new Map<number, number>();
  const cutAhead = new Set<number>();
  const expiry = openRound(clock, EXPIRY_MS);
  const aheadLooks = openRound(clock, EXPIRY_MS);
  const checkpoints = openInterval(clock, CHECKPOINT_MS);
  const truncations = openInterval(clock, TRUNCATE_MS);

  const elapsed = <T>(work: () => T): [result: T, tookMs: number] => {
    const begun = clock.mono();
    const result = work();
    return [result, msSince(begun, clock.mono())];
  };

  /** Rolls up as many buckets as fit, of all WANs in turn. */
  function rollUp(upkeep: Upkeep): boolean {
    const begun = clock.mono();
    const wans = upkeep.wans();
    const nowMs = clock.wall();
    const isOver = (made: number) =>
      made >= BUCKETS_MAX || msSince(begun, clock.mono()) >= SLICE_MS / 2;
    return upkeep.together(() => {
      let [made, before] = [0, -1];
      while (made > before && !isOver(made)) {
        before = made;
        for (const wan of wans)
          if (!isOver(made) && upkeep.rollUp(wan, nowMs)) made++;
      }
      return made > 0;
    });
  }

  /** Deletes some rows and adapts the number for the next time. */
  function remove(job: () => number): number {
    const [gone, tookMs] = elapsed(job);
    if (gone > 0) rows.took(tookMs);
    figures.expired += gone;
    return gone;
  }

  /** Deletes the oldest expired rows of one tier of one WAN; finest tier first, the next one when that is done. */
  function expire(upkeep: Upkeep): boolean {
    if (clockWatch.holdMs() > 0) return false;
    const nowMs = clock.wall();
    return expiry.each(upkeep, (wan) => {
      const due = plan(parts.policy.keep, upkeep.standing(wan), nowMs);
      const limit = rows.size;
      const jobs = [
        ...due.map((each) => () => upkeep.expire(wan, each, limit)),
        () => upkeep.expireEvents(wan, nowMs - parts.policy.eventMs, limit),
        () => expireAhead(upkeep, wan, nowMs, limit),
      ];
      return jobs.some((job) => remove(job) > 0);
    });
  }

  /** Deletes rows in the future that have been there for longer than their tier's retention. */
  function expireAhead(
    upkeep: Upkeep,
    wan: number,
    nowMs: number,
    limit: number,
  ): number {
    const ageMs = nowMs - (ahead.get(wan) ?? nowMs);
    const { keep, eventMs } = parts.policy;
    let gone = 0;
    for (const what of [...TIERS, "events"] as const)
      if (ageMs > (what === "events" ? eventMs : keep[what]) && gone < limit)
        gone += upkeep.expireAhead(wan, what, nowMs + AHEAD_MS, limit - gone);
    if (gone > 0 && !cutAhead.has(wan)) {
      cutAhead.add(wan);
      journal.note("history_cut", { why: AHEAD_TOO_LONG });
    }
    return gone;
  }

  /** Reports rows in the future, and what expired because the clock was ahead. */
  function lookAhead(upkeep: Upkeep): void {
    aheadLooks.each(upkeep, (wan) => {
      const found = upkeep.ahead(wan, clock.wall());
      // not for the recorder's own events
      if (found?.isNews && found.name !== OWN_NAME) {
        journal.note("history_ahead", {
          source: found.name,
          newest_ms: found.newestMs,
          expired_ms: found.expiredMs,
        });
      }
      if (found?.newestMs != null) ahead.set(wan, found.sinceMs);
      else {
        ahead.delete(wan);
        cutAhead.delete(wan);
      }
      return false;
    });
  }

  function relieve(upkeep: Upkeep): boolean {
    if (clockWatch.holdMs() > 0 || figures.sizes === null) return false;
    const cut = pressure.cut(upkeep, figures.sizes);
    if (cut === null) return false;
    remove(() => upkeep.expire(cut.wan, cut.expiry, rows.size));
    return true;
  }

  function vacuum(upkeep: Upkeep): boolean {
    const [freed, tookMs] = elapsed(() => upkeep.vacuum(pages.size));
    if (freed > 0) pages.took(tookMs);
    figures.vacuumedPages += freed;
    return freed > 0;
  }

  function checkpoint(upkeep: Upkeep): boolean {
    const walBytes = figures.sizes?.walBytes ?? 0;
    if (walBytes > LOG_BYTES && truncations.due()) {
      truncations.done();
      if (upkeep.truncateLog()) return false;
    }
    if (checkpoints.due()) {
      checkpoints.done();
      upkeep.checkpoint();
    }
    return false;
  }

  function watch(upkeep: Upkeep): boolean {
    const jumpMs = clockWatch.look();
    if (jumpMs !== null) {
      figures.clockJumps++;
      journal.note("retention_held", {
        jump_ms: Math.round(jumpMs),
        held_ms: Math.round(clockWatch.holdMs()),
      });
    }
    lookAhead(upkeep);
    figures.sizes = upkeep.sizes();
    figures.lagMs = furthestBehind(upkeep, clock);
    return false;
  }

  /** In this order: data is rolled up before it expires, and space is freed after that. */
  const JOBS = [watch, rollUp, expire, relieve, vacuum, checkpoint];

  function failed(cause: string | null): void {
    if (cause !== null && figures.failing === null)
      log.error("maintenance_failed", { cause });
    if (cause === null && figures.failing !== null)
      log.info("maintenance_back");
    figures.failing = cause;
  }

  return {
    figures,
    clockWatch,
    pressure,
    slice() {
      const [outcome, tookMs] = elapsed(() =>
        store.tend((upkeep) => JOBS.some((job) => job(upkeep))),
      );
      journal.flush();
      figures.slices++;
      figures.lastSliceMs = tookMs;
      figures.longestSliceMs = Math.max(figures.longestSliceMs, tookMs);
      failed(typeof outcome === "boolean" ? null : outcome.cause);
      return outcome === true;
    },
  };
}

function furthestBehind(upkeep: Upkeep, clock: Clock): Figures["lagMs"] {
  const lags = upkeep.wans().flatMap((wan) => {
    if (upkeep.isIdle(wan)) return [];
    const newestMs = upkeep.newestMs(wan, clock.wall()) ?? 0;
    return lagMs(upkeep.standing(wan), newestMs);
  });
  const worst = (tier: RolledTier) =>
    Math.max(0, ...lags.map((lag) => lag[tier]));
  return Object.fromEntries(
    ROLLED_TIERS.map((tier) => [tier, worst(tier)]),
  ) as Figures["lagMs"];
}

const AHEAD_TOO_LONG = "rows in the future have reached their tier's retention";

/** Visits all WANs every `ms`, as many at once as fit into half a slice. */
function openRound(clock: Clock, ms: number) {
  const interval = openInterval(clock, ms);
  let left: number[] = [];
  return {
    /** @param work returns whether there is more to do for this WAN. @returns whether there is more to do at once */
    each(upkeep: Pick<Upkeep, "wans">, work: (wan: number) => boolean) {
      const begun = clock.mono();
      if (left.length === 0 && interval.due()) left = upkeep.wans().reverse();
      for (let wan = left.at(-1); wan !== undefined; wan = left.at(-1)) {
        if (msSince(begun, clock.mono()) >= SLICE_MS / 2 || work(wan))
          return true;
        left.pop();
        if (left.length === 0) interval.done();
      }
      return false;
    },
  };
}

/** Due if it was never done, or at least `ms` ago. */
function openInterval(clock: Clock, ms: number) {
  let next: MonoMs | null = null;
  return {
    due: () => next === null || msSince(next, clock.mono()) >= 0,
    done: () => void (next = later(clock.mono(), ms)),
  };
}
