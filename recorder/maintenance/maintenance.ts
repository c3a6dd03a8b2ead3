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

/** Does `work` once a second until `stop`. The phase is kept: a late turn is followed by the next due, not by all missed. */
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

/** Nothing to do: looked at again after this. */
const IDLE_MS = 1_000;

/** Others get at least this much between two slices. */
const PAUSE_MS = 20;

/**
 * Does `work` slice by slice until `stop`, with pauses as long as the slices: the event loop is never busy with it for
 * longer than one slice, and never for more than half of the time.
 * @param work one slice; says whether there is more to do at once
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

/** How much to do in one go, so that it takes about as long as it may. Learns from what each go took. */
interface Pace {
  readonly size: number;
  /** The last go of this size took so long. */
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
      // down at once and by as much as it was over, up by doubling at most: one quick go may have been luck
      const ratio = clamp(budgetMs / Math.max(ms, 0.01), 0, 2);
      size = Math.round(clamp(size * ratio, limits.min, limits.max));
    },
  };
}

/** One slice: sockets wait meanwhile. */
const SLICE_MS = 20;

/** In one slice: about 10 000 rows. */
const BUCKETS_MAX = 500;

/** Nothing is old for the first time more often than this. */
const EXPIRY_MS = 10_000;

/** The log is moved into the database so often: seldom, for a page that changes often is then written once. */
const CHECKPOINT_MS = MINUTE_MS;

/** Above this size, bytes, the write-ahead log is truncated once no reader uses it; tried at this interval, ms. */
const LOG_BYTES = 16 * 2 ** 20;
const TRUNCATE_MS = 10_000;

export interface RetentionPolicy extends PressureLimits {
  readonly keep: Keep;
  readonly eventMs: number;
}

/** What health shows. */
interface Figures {
  readonly sizes: Sizes | null;
  /** How far each tier is behind the newest cycle, of the WAN furthest behind. */
  readonly lagMs: Readonly<Record<RolledTier, number>>;
  readonly slices: number;
  readonly lastSliceMs: number | null;
  readonly longestSliceMs: number;
  /** Rows deleted since the start. */
  readonly expired: number;
  readonly vacuumedPages: number;
  /** How often the wall clock jumped. */
  readonly clockJumps: number;
  /** Why the last slice came to nothing; null when it did not. */
  readonly failing: string | null;
}

/** Rolls up, lets expire, gives room back: everything that is done to the history between batches. */
export interface Maintenance {
  /** Does one slice of what is most due, about SLICE_MS long. @returns whether there is more to do at once */
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
    /** May be another one at the next slice. */
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
  /** Since when a WAN has rows of the future. */
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

  /** As many buckets as fit, of all WANs in turn. */
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

  /** Deletes some rows, and learns how many to delete the next time. */
  function remove(job: () => number): number {
    const [gone, tookMs] = elapsed(job);
    if (gone > 0) rows.took(tookMs);
    figures.expired += gone;
    return gone;
  }

  /** The oldest of what is too old, of one tier of one WAN: the finest first, the next only when that is done. */
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

  /** What lies ahead of the clock for longer than it would be kept. */
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

  /** What a clock that was ahead has recorded, and what it has cost. */
  function lookAhead(upkeep: Upkeep): void {
    aheadLooks.each(upkeep, (wan) => {
      const found = upkeep.ahead(wan, clock.wall());
      // its own events say what it has to say
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

  /** In this order: nothing expires that could still be rolled up, and what expired is given back. */
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

const AHEAD_TOO_LONG =
  "rows from ahead of the clock were kept for as long as others of their tier";

/** All WANs, one after the other, every so often; as many at once as fit into half a slice. */
function openRound(clock: Clock, ms: number) {
  const interval = openInterval(clock, ms);
  let left: number[] = [];
  return {
    /** @param work whether there is more to do for this one. @returns whether there is more to do at once */
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

/** Due when it was last done at least `ms` ago, or never. */
function openInterval(clock: Clock, ms: number) {
  let next: MonoMs | null = null;
  return {
    due: () => next === null || msSince(next, clock.mono()) >= 0,
    done: () => void (next = later(clock.mono(), ms)),
  };
}
