import type { Expiry, TierStanding } from "../tiers/retention.js";
import { eachRolledTier, eachTier } from "../tiers/tier.js";
import type { Connection } from "./connection.js";
import type { Cycles } from "./cycles/cycles.js";
import { type Disk, openDisk } from "./disk.js";
import { type Ahead, openAhead } from "./rollup/ahead.js";
import { openBuckets } from "./rollup/buckets.js";
import { openProgress } from "./rollup/progress.js";
import { openRoller, type Roller } from "./rollup/roller.js";
import { openSampleStore } from "./samples.js";

/** Returns the progress of a WAN's tiers. */
export function openTierStandings(
  db: Connection,
  cycles: Cycles,
): (wan: number) => TierStanding {
  const samples = openSampleStore(db);
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  // a missing frame is later than the frame before it; before the first it may have any time
  const awaited = db
    .prepare<[number], number | null>(
      `select min(ifnull(m.from_ms, 0)) from missing m join source s on s.id = m.source
         where s.wan = ?`,
    )
    .pluck();

  const oldestRawMs = (wan: number): number | null => {
    const [cycleMs, sampleMs] = [cycles.oldestMs(wan), samples.firstMs(wan, 0)];
    return cycleMs === null || sampleMs === null
      ? (cycleMs ?? sampleMs)
      : Math.min(cycleMs, sampleMs);
  };

  return (wan) => {
    return {
      untilMs: eachRolledTier((tier) => progress.untilMs(tier, wan)),
      dirtyMs: eachRolledTier((tier) => progress.oldestDirty(tier, wan)),
      fromMs: eachTier((tier) => progress.fromMs(tier, wan)),
      oldestMs: eachTier((tier) =>
        tier === "raw" ? oldestRawMs(wan) : buckets.firstMs(tier, wan, 0),
      ),
      awaitedMs: awaited.get(wan) ?? null,
    };
  };
}

/** Points at which tests end the process. */
export type UpkeepFault = (
  point: "mid-rollup" | "mid-retention" | "mid-vacuum",
) => void;

/** Maintenance between batches, in small transactions; each may fail like a commit. */
export interface Upkeep
  extends Roller, Disk, Pick<Ahead, "ahead" | "expireAhead"> {
  wans(): number[];
  standing(wan: number): TierStanding;
  /** The newest cycle; null if there is none. */
  newestMs(wan: number, atMostMs?: number): number | null;
  /** Does `work` in one transaction, so that pages that change repeatedly are written once. */
  together<T>(work: () => T): T;
  /** Records the expiry and deletes at most about `limit` rows. @returns how many */
  expire(wan: number, expiry: Expiry, limit: number): number;
  /** The same for events and gaps before an instant. */
  expireEvents(wan: number, beforeMs: number, limit: number): number;
}

export function openUpkeep(
  db: Connection,
  cycles: Cycles,
  fault: UpkeepFault,
): Upkeep {
  const samples = openSampleStore(db);
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  progress.beginNewTiers();
  const wans = db.prepare<[], number>("select id from wan order by id").pluck();
  const removeEvents = db.prepare(
    `delete from event where (at_ms, source, seq) in (
       select at_ms, source, seq from event where wan = ? and at_ms < ? limit ?)`,
  );
  const removeGaps = db.prepare(
    `delete from gap where to_ms < @beforeMs and source in (select id from source where wan = @wan)`,
  );

  const expire = db.transaction(
    (wan: number, { tier, beforeMs }: Expiry, limit: number): number => {
      progress.expiredBefore(tier, wan, beforeMs);
      if (tier !== "raw") {
        const rows = buckets.expire(tier, wan, beforeMs, limit);
        fault("mid-retention");
        return rows;
      }
      const rows = cycles.expire(wan, beforeMs, limit);
      fault("mid-retention");
      return rows < limit
        ? rows + samples.expire(wan, beforeMs, limit - rows)
        : rows;
    },
  );

  const expireEvents = db.transaction(
    (wan: number, beforeMs: number, limit: number): number =>
      removeEvents.run(wan, beforeMs, limit).changes +
      removeGaps.run({ wan, beforeMs }).changes,
  );

  return {
    ...openRoller(db, cycles, () => fault("mid-rollup")),
    ...openDisk(db, () => fault("mid-vacuum")),
    ...openAhead(db),
    wans: () => wans.all(),
    newestMs: (...which) => cycles.newestMs(...which),
    standing: openTierStandings(db, cycles),
    together: (work) => db.transaction(work).immediate(),
    expire: (...work) => expire.immediate(...work),
    expireEvents: (...work) => expireEvents.immediate(...work),
  };
}
