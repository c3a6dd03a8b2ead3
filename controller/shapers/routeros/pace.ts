import { MINUTE_MS } from "../../../shared/contract/units.js";
import type { WritePace } from "../pace.js";

/** RouterOS stores its configuration in flash, and an operation takes about 50 ms. */
export const ROUTEROS_PACE: WritePace = {
  limits: { cut: { perS: 2, burst: 4 }, raise: { perS: 2, burst: 2 } },
  minRatio: { cut: 0.02, raise: 0.02 },
  settleMs: 5_000,
  lookMs: MINUTE_MS,
};
