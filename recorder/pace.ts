import { clamp } from "../shared/contract/units.js";

/** How much to do in one go, so that it takes about as long as it may. Learns from what each go took. */
export interface Pace {
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
