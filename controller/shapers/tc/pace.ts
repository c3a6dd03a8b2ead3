import type { WritePace } from "../pace.js";

/** tc takes a millisecond and wears nothing out. A queue that is gone must be noticed within two seconds. */
export const TC_PACE: WritePace = {
  limits: { cut: { perS: 40, burst: 4 }, raise: { perS: 10, burst: 2 } },
  minRatio: { cut: 0, raise: 0.004 },
  settleMs: 1_000,
  lookMs: 1_500,
};
