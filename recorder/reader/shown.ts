import { stateHeldLongest } from "../tiers/coverage.js";
import type { Figures } from "./sinks.js";
import type { Wanted } from "./wanted.js";

/** Figures in the unit of their metric, divided as the views divide. A code has no mean: shown is the one that was most. */
export function shownFigures(
  { name, divisor }: Wanted,
  { count, sum, min, max, heldMs }: Figures,
): { readonly min: number; readonly avg: number; readonly max: number } {
  const mean = sum / (count * divisor);
  const code = stateHeldLongest(heldMs) ?? Math.round(mean);
  return {
    min: min / divisor,
    avg: name.unit === "code" ? code : mean,
    max: max / divisor,
  };
}
