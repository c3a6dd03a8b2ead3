import type { TierStanding } from "../tiers/retention.js";
import { ROLLED_TIERS } from "../tiers/tier.js";
import type { Connection } from "./connection.js";
import { type Cycles, openCycles } from "./cycles/cycles.js";
import { type EventStore, openEventStore } from "./events.js";
import { openBuckets } from "./rollup/buckets.js";
import { openRolled, type Rolled } from "./rollup/rolled.js";
import { openSampleStore, type Samples } from "./samples.js";
import { openTierStandings } from "./upkeep.js";

/** A WAN in the database. */
interface WanRow {
  readonly id: number;
  readonly name: string;
}

/** A series in the database; labels are JSON, or empty. */
interface SeriesRow {
  readonly id: number;
  readonly metric: string;
  readonly labels: string;
}

/** Read access to the history. */
export interface Records {
  readonly cycles: Cycles;
  readonly samples: Samples;
  readonly rolled: Rolled;
  readonly eventStore: EventStore;
  wans(): readonly WanRow[];
  series(wan: number): readonly SeriesRow[];
  standing(wan: number): TierStanding;
  /** The first instant from `fromMs` on with data in any tier; null if there is none. */
  firstMs(wan: number, fromMs: number): number | null;
}

export function openRecords(db: Connection): Records {
  const cycles = openCycles(db);
  const samples = openSampleStore(db);
  const buckets = openBuckets(db);
  const wans = db.prepare<[], WanRow>("select id, name from wan order by id");
  const series = db.prepare<[number], SeriesRow>(
    "select id, metric, labels from series where wan = ? order by id",
  );
  return {
    cycles,
    samples,
    rolled: openRolled(db),
    eventStore: openEventStore(db),
    standing: openTierStandings(db, cycles),
    wans: () => wans.all(),
    series: (wan) => series.all(wan),
    firstMs(wan, fromMs) {
      const found = [
        cycles.firstMs(wan, fromMs),
        samples.firstMs(wan, fromMs),
        ...ROLLED_TIERS.map((tier) => buckets.firstMs(tier, wan, fromMs)),
      ].filter((ms) => ms !== null);
      return found.length === 0 ? null : Math.min(...found);
    },
  };
}
