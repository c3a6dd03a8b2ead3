import {
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import type { LabPolicy } from "../policy.js";

/** Policies that know the capacity need no replies; they decide each millisecond, and their rates are in force at once. */
const KNOWING = {
  reflectors: 1,
  spacingMs: 1000,
  cycleMs: 1,
  isInstant: true,
} as const;

/** Part of the capacity: below 1, so that the bottleneck's queue drains. */
const RATIO = 0.95;
/** Part of the nominal rate: lowest rate, while the line carries nothing. */
const LEAST = 0.02;

/** Knows the capacity at each millisecond: an upper bound for any policy with CAKE and these senders. */
export const ORACLE: LabPolicy = {
  ...KNOWING,
  name: "oracle",
  title: "CAKE at 95 % of the line's capacity at each millisecond",
  open: ({ capacityBps, nominalBps }) => ({
    decide() {
      const now = capacityBps();
      return eachDirection((d) =>
        Math.max(RATIO * now[d], LEAST * nominalBps[d]),
      );
    },
  }),
};

/** A queue that the lag has made is gone after about this time, ms. */
const PAYBACK_MS = 250;

interface Moment {
  readonly capacityBps: PerDirection<number>;
  readonly rateBps: PerDirection<number>;
}

/**
 * Knows what the capacity and its own queue were `lagMs` ago: what a law could reach whose measurement takes so long and
 * needs no queue. Senders are taken to fill its rates, so that its queue is what those were above the capacity.
 * @param lagMs whole, at least 1
 */
export const laggingOracle = (lagMs: number): LabPolicy => ({
  ...KNOWING,
  name: `lag${lagMs}`,
  title: `CAKE at 95 % of the capacity of ${lagMs} ms ago, its own queue paid back`,
  open({ capacityBps, limits }) {
    /** One for each of the last `lagMs` milliseconds, the oldest first. */
    const unseen: Moment[] = [];
    let known: PerDirection<number> | null = null;
    let queueBits = eachDirection(() => 0);

    function see({ capacityBps: capacity, rateBps }: Moment) {
      known = capacity;
      queueBits = eachDirection((d) =>
        Math.max(0, queueBits[d] + (rateBps[d] - capacity[d]) / 1e3),
      );
    }

    return {
      decide() {
        const oldest = unseen.length === lagMs ? unseen.shift() : undefined;
        if (oldest !== undefined) see(oldest);
        const rateBps = eachDirection((d) => {
          const seenBps = known?.[d] ?? limits[d].baseBps;
          const paybackBps = (1e3 * queueBits[d]) / PAYBACK_MS;
          return Math.max(RATIO * seenBps - paybackBps, limits[d].floorBps);
        });
        unseen.push({ capacityBps: capacityBps(), rateBps });
        return rateBps;
      },
    };
  },
});
