import type { Standing } from "../tiers/retention.js";
import { eachTier } from "../tiers/tier.js";
import { openBuckets } from "./buckets.js";
import type { Connection } from "./connection.js";
import type { Cycles } from "./cycles.js";
import { openProgress } from "./progress.js";
import { openSamples } from "./samples.js";

/** Says how far the tiers of a WAN are. */
export function openStandings(
  db: Connection,
  cycles: Cycles,
): (wan: number) => Standing {
  const samples = openSamples(db);
  const buckets = openBuckets(db);
  const progress = openProgress(db);
  // what may still come belongs after the frame before it; before the first, anywhere
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
    const rolled = <T>(of: (tier: "1m" | "5m" | "1h") => T) => ({
      "1m": of("1m"),
      "5m": of("5m"),
      "1h": of("1h"),
    });
    return {
      untilMs: rolled((tier) => progress.untilMs(tier, wan)),
      dirtyMs: rolled((tier) => progress.oldestDirty(tier, wan)),
      fromMs: eachTier((tier) => progress.fromMs(tier, wan)),
      oldestMs: eachTier((tier) =>
        tier === "raw" ? oldestRawMs(wan) : buckets.firstMs(tier, wan, 0),
      ),
      awaitedMs: awaited.get(wan) ?? null,
    };
  };
}
