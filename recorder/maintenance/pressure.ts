import type { Journal } from "../journal.js";
import type { Sizes } from "../store/disk.js";
import type { Upkeep } from "../store/upkeep.js";
import { type Expiry, relief } from "../tiers/retention.js";
import { TIERS } from "../tiers/tier.js";

/** The largest size of the history, and the disk space it must leave free. */
export interface PressureLimits {
  readonly maxBytes: number;
  readonly minFreeBytes: number;
}

/** Once over a limit, the history is cut to this fraction of it, so that cuts are rare. */
const CUT_TO = 0.95;

export interface Pressure {
  /** What to delete early; null if there is room, or nothing may be deleted. Reports the beginning. */
  cut(
    upkeep: Pick<Upkeep, "wans" | "standing">,
    sizes: Sizes,
  ): { readonly wan: number; readonly expiry: Expiry } | null;
  /** Why the history is too large although nothing more may be deleted; else null. */
  readonly stuck: string | null;
}

export function openPressure(
  limits: () => PressureLimits,
  journal: Journal,
): Pressure {
  let cutting = false;
  let stuck: string | null = null;

  /** Free pages in the file count as free space: they are returned next. */
  function shortOf({ dbBytes, usedBytes, freeBytes }: Sizes): string | null {
    const { maxBytes, minFreeBytes } = limits();
    const slack = cutting ? CUT_TO : 1;
    const free = freeBytes + Math.max(0, dbBytes - usedBytes);
    if (usedBytes > maxBytes * slack)
      return `must stay below storage.max_mb ${inMb(maxBytes)}: got ${inMb(usedBytes)}`;
    return free < minFreeBytes / slack
      ? `must leave storage.min_free_mb ${inMb(minFreeBytes)}: got ${inMb(free)}`
      : null;
  }

  function begin(why: string, sizes: Sizes): void {
    journal.note("history_cut", {
      why,
      used_mb: inMb(sizes.usedBytes),
      free_mb: inMb(sizes.freeBytes),
    });
  }

  return {
    get stuck() {
      return stuck;
    },
    cut(upkeep, sizes) {
      const why = shortOf(sizes);
      stuck = null;
      if (why !== null && !cutting) begin(why, sizes);
      cutting = why !== null;
      if (why === null) return null;
      const found = upkeep.wans().flatMap((wan) => {
        const standing = upkeep.standing(wan);
        const expiry = relief(standing);
        if (expiry === null) return [];
        const { tier } = expiry;
        const oldestMs = standing.oldestMs[tier] ?? 0;
        return [
          { wan, expiry, order: [TIERS.indexOf(tier), oldestMs] as const },
        ];
      });
      const [first] = found.sort(
        (a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1],
      );
      if (first === undefined)
        stuck = `the history ${why}: nothing more may be deleted`;
      return first ?? null;
    },
  };
}

const inMb = (bytes: number): number => Math.round(bytes / 2 ** 20);
