import {
  bucketStart,
  COARSER,
  COARSEST,
  FINER,
  ROLLED_TIERS,
  type RolledTier,
  type Tier,
  tierCode,
  tierOfCode,
} from "../../tiers/tier.js";
import type { Connection } from "../connection.js";

/**
 * The progress of each tier of a WAN: it is rolled up before `until`, and has expired before `from`; 0 if nothing has.
 * And the dirty buckets before `until`, whose data has changed since.
 */
interface Progress {
  untilMs(tier: RolledTier, wan: number): number;
  fromMs(tier: Tier, wan: number): number;
  rolledUntil(tier: RolledTier, wan: number, ms: number): void;
  expiredBefore(tier: Tier, wan: number, ms: number): void;
  markDirty(tier: RolledTier, wan: number, bucketMs: number): void;
  clearDirty(tier: RolledTier, wan: number, bucketMs: number): void;
  oldestDirty(tier: RolledTier, wan: number): number | null;
  /**
   * Starts tiers that are new to the database where the finer tier starts; older times are read from the coarser tiers,
   * as before.
   */
  beginNewTiers(): void;
  /**
   * Resets marks in the future, left by a clock that was ahead, to `nowMs`: or new data would count as rolled up and
   * expired. @returns the WANs that had one, and how far their raw data had expired; null if not beyond `nowMs`
   */
  bringBack(
    nowMs: number,
  ): readonly { readonly wan: number; readonly expiredMs: number | null }[];
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

  /** Marks are at bucket bounds: `until` of the tier itself, `from` of the next one, see tiers/retention.ts. */
  function bringBack(nowMs: number) {
    const found = new Map<number, number | null>();
    for (const { tier: code, wan, untilMs, fromMs } of beyond.all({ nowMs })) {
      const tier = tierOfCode(code) ?? COARSEST;
      const ownMs = tier === "raw" ? 0 : bucketStart(tier, nowMs);
      const nextMs = bucketStart(COARSER[tier] ?? COARSEST, nowMs);
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

  // cuts are at bucket bounds of the next tier, so the finer tier's cut is valid for a tier inserted after it
  const begin = db.prepare(
    `insert into progress (tier, wan, until_ms, from_ms)
       select ?, wan, 0, from_ms from progress where tier = ? and from_ms > 0
       on conflict do nothing`,
  );

  return {
    beginNewTiers() {
      for (const tier of ROLLED_TIERS)
        begin.run(tierCode(tier), tierCode(FINER[tier]));
    },
    bringBack,
    untilMs: (tier, wan) => until.get(tierCode(tier), wan) ?? 0,
    fromMs: (tier, wan) => from.get(tierCode(tier), wan) ?? 0,
    rolledUntil: (tier, wan, ms) =>
      void advance.run(tierCode(tier), wan, ms, 0),
    expiredBefore: (tier, wan, ms) =>
      void advance.run(tierCode(tier), wan, 0, ms),
    markDirty: (tier, wan, bucketMs) =>
      void mark.run(tierCode(tier), wan, bucketMs),
    clearDirty: (tier, wan, bucketMs) =>
      void unmark.run(tierCode(tier), wan, bucketMs),
    oldestDirty: (tier, wan) => oldest.get(tierCode(tier), wan) ?? null,
  };
}

interface Marks {
  readonly tier: number;
  readonly wan: number;
  readonly untilMs: number;
  readonly fromMs: number;
}
