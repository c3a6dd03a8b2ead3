import { openRandom } from "../controller/simulation/random.js";

/** Quantile of sorted values; NaN of an empty list. */
export const quantile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A mean over runs, with its 95 % confidence interval. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Number of runs. */
  readonly runs: number;
}

const RESAMPLES = 1000;

/** The mean and its interval by a reproducible bootstrap; null of an empty list. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const random = openRandom(values.length, "bootstrap");
  const draw = () => values[Math.floor(random.uniform() * values.length)] ?? 0;
  const means = Array.from({ length: RESAMPLES }, () =>
    mean(values.map(draw)),
  ).sort((a, b) => a - b);
  return {
    mean: mean(values),
    low: quantile(means, 0.025),
    high: quantile(means, 0.975),
    runs: values.length,
  };
}
