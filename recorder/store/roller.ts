import { type Bucket, bucketOf, mergeBuckets } from "../tiers/rollup.js";
import {
  bucketEnd,
  bucketStart,
  COARSER,
  FINER,
  ROLLED_TIERS,
  type RolledTier,
  type Tier,
  tierCode,
  TIERS,
} from "../tiers/tier.js";
import { openBuckets } from "./buckets.js";
import type { Connection } from "./connection.js";
import type { Cycles } from "./cycles.js";
import { openSamples } from "./samples.js";
import { openSeries } from "./series.js";

/**
 * How far each tier of a WAN is: `until`, before which it is rolled up, and `from`, before which it has expired; 0 where
 * nothing was. And the buckets before `until` that are dirty: what they are made from has changed since.
 */
export interface Progress {
  untilMs(tier: RolledTier, wan: number): number;
  fromMs(tier: Tier, wan: number): number;
  rolledUntil(tier: RolledTier, wan: number, ms: number): void;
  expiredBefore(tier: Tier, wan: number, ms: number): void;
  soil(tier: RolledTier, wan: number, bucketMs: number): void;
  clean(tier: RolledTier, wan: number, bucketMs: number): void;
  oldestDirty(tier: RolledTier, wan: number): number | null;
  /**
   * A mark in the future is of a clock that was ahead: brought back to `nowMs`, or what comes now would count as rolled
   * up and expired. @returns which WANs had one, and how far their raw data had expired, null where not beyond `nowMs`
   */
  bringBack(
    nowMs: number,
  ): readonly { readonly wan: number; readonly expiredMs: number | null }[];
}

interface Marks {
  readonly tier: number;
  readonly wan: number;
  readonly untilMs: number;
  readonly fromMs: number;
}

export function openProgress(db: Connection): Progress {
  const look = (what: "until_ms" | "from_ms") =>
    db
      .prepare<[number, number], number>(
        `select ${what} from progress where tier = ? and wan = ?`,
      )
      .pluck();
  const [until, from] = [look("until_ms"), look("from_ms")];
  const advance = db.prepare(
    `insert into progress (tier, wan, until_ms, from_ms) values (?, ?, ?, ?)
       on conflict (tier, wan) do update set
         until_ms = max(until_ms, excluded.until_ms), from_ms = max(from_ms, excluded.from_ms)`,
  );
  const mark = db.prepare(
    "insert into dirty (tier, wan, bucket_ms) values (?, ?, ?) on conflict do nothing",
  );
  const unmark = db.prepare(
    "delete from dirty where tier = ? and wan = ? and bucket_ms = ?",
  );
  const oldest = db
    .prepare<[number, number], number | null>(
      "select min(bucket_ms) from dirty where tier = ? and wan = ?",
    )
    .pluck();
  const beyond = db.prepare<{ nowMs: number }, Marks>(
    `select tier, wan, until_ms as untilMs, from_ms as fromMs from progress
       where until_ms > @nowMs or from_ms > @nowMs order by tier desc`,
  );
  const set = db.prepare(
    "update progress set until_ms = ?, from_ms = ? where tier = ? and wan = ?",
  );

  /** Marks lie between buckets: `until` of the tier itself, `from` of the next one, see tiers/retention.ts. */
  function bringBack(nowMs: number) {
    const found = new Map<number, number | null>();
    for (const { tier: code, wan, untilMs, fromMs } of beyond.all({ nowMs })) {
      const tier = TIERS[code] ?? "1h";
      const ownMs = tier === "raw" ? 0 : bucketStart(tier, nowMs);
      const nextMs = bucketStart(COARSER[tier] ?? "1h", nowMs);
      const isExpired = fromMs > nowMs;
      set.run(
        untilMs > nowMs ? ownMs : untilMs,
        isExpired ? nextMs : fromMs,
        code,
        wan,
      );
      const before = found.get(wan) ?? null;
      found.set(wan, tier === "raw" && isExpired ? fromMs : before);
    }
    return [...found].map(([wan, expiredMs]) => ({ wan, expiredMs }));
  }

  return {
    bringBack,
    untilMs: (tier, wan) => until.get(tierCode(tier), wan) ?? 0,
    fromMs: (tier, wan) => from.get(tierCode(tier), wan) ?? 0,
    rolledUntil: (tier, wan, ms) =>
      void advance.run(tierCode(tier), wan, ms, 0),
    expiredBefore: (tier, wan, ms) =>
      void advance.run(tierCode(tier), wan, 0, ms),
    soil: (tier, wan, bucketMs) => void mark.run(tierCode(tier), wan, bucketMs),
    clean: (tier, wan, bucketMs) =>
      void unmark.run(tierCode(tier), wan, bucketMs),
    oldestDirty: (tier, wan) => oldest.get(tierCode(tier), wan) ?? null,
  };
}

/** Frames of the last seconds may still be on their way; those that come later yet make their bucket dirty. */
const LATE_MS = 5_000;

/** Makes each tier out of the one before. */
export interface Roller {
  /**
   * Rolls up one bucket that has ended, of the finest tier that has one. The same data gives the same tiers, however often
   * and in whatever order this is done.
   * @returns false where nothing is due
   */
  rollUp(wan: number, nowMs: number): boolean;
  /** Something of a WAN has come: until then it is not looked at before there can be anything due. */
  touch(wan: number): void;
  /** All it has is rolled up. */
  isIdle(wan: number): boolean;
}

/** @param midway called when a bucket is made and not yet committed */
export function openRoller(
  db: Connection,
  cycles: Cycles,
  midway: () => void,
): Roller {
  const samples = openSamples(db);
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  const series = openSeries(db);

  /** The first moment from `fromMs` on of which there is anything to roll up. */
  function firstMs(tier: RolledTier, wan: number, fromMs: number) {
    if (tier !== "1m") return buckets.firstMs(FINER[tier], wan, fromMs);
    const sampleMs = samples.firstMs(wan, fromMs);
    for (const { atMs } of cycles.between(wan, fromMs, Number.MAX_SAFE_INTEGER))
      return Math.min(atMs, sampleMs ?? atMs);
    return sampleMs;
  }

  /** When a WAN with nothing due has something due at the earliest, unless something comes. */
  const dueMs = new Map<number, number>();

  /** The bucket to make next, dirty ones first, and when it has ended for good; Infinity where there is none. */
  function next(tier: RolledTier, wan: number) {
    const newMs = firstMs(tier, wan, progress.untilMs(tier, wan));
    const starts = [
      progress.oldestDirty(tier, wan),
      newMs && bucketStart(tier, newMs),
    ];
    const known = starts.filter((startMs) => startMs !== null);
    const startMs = Math.min(...known);
    return { startMs, endedMs: bucketEnd(tier, startMs) + LATE_MS };
  }

  function made(tier: RolledTier, wan: number, startMs: number): Bucket | null {
    const range = [wan, startMs, bucketEnd(tier, startMs)] as const;
    return tier === "1m"
      ? bucketOf(
          [...cycles.between(...range)],
          samples.between(...range),
          series.ofCycle(wan),
        )
      : mergeBuckets(buckets.between(FINER[tier], ...range));
  }

  const replace = db.transaction(
    (tier: RolledTier, wan: number, startMs: number) => {
      buckets.put(tier, wan, startMs, made(tier, wan, startMs));
      midway();
      progress.clean(tier, wan, startMs);
      progress.rolledUntil(tier, wan, bucketEnd(tier, startMs));
      const next = COARSER[tier];
      if (next !== null && startMs < progress.untilMs(next, wan))
        progress.soil(next, wan, bucketStart(next, startMs));
    },
  );

  return {
    isIdle: (wan) => dueMs.get(wan) === Infinity,
    touch: (wan) => void dueMs.delete(wan),
    rollUp(wan, nowMs) {
      if (nowMs < (dueMs.get(wan) ?? 0)) return false;
      let earliestMs = Infinity;
      for (const tier of ROLLED_TIERS) {
        const { startMs, endedMs } = next(tier, wan);
        earliestMs = Math.min(earliestMs, endedMs);
        if (endedMs > nowMs) continue;
        replace.immediate(tier, wan, startMs);
        return true;
      }
      dueMs.set(wan, earliestMs);
      return false;
    },
  };
}
