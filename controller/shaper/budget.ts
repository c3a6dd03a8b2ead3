import { type MonoMs, since } from "../../shared/runtime/clock.js";

/** An allowance: so many a second over time, so many at once. */
export interface Budget {
  readonly perS: number;
  readonly burst: number;
}

/** What is left of a budget. In any w seconds at most burst + w * perS are spent. */
export interface Purse {
  readonly left: number;
  readonly at: MonoMs;
}

export const filled = ({ burst }: Budget, at: MonoMs): Purse => ({
  left: burst,
  at,
});

const leftAt = ({ perS, burst }: Budget, purse: Purse, now: MonoMs): number =>
  Math.min(burst, purse.left + (perS * since(purse.at, now)) / 1e3);

export const canSpend = (budget: Budget, purse: Purse, now: MonoMs): boolean =>
  leftAt(budget, purse, now) >= 1;

export const spent = (budget: Budget, purse: Purse, now: MonoMs): Purse => ({
  left: leftAt(budget, purse, now) - 1,
  at: now,
});
