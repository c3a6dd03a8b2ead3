import { openRandom } from "../controller/simulation/random.js";

/** The value below which that share of the sorted values lies; NaN of none. */
export const quantile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A mean over runs, and between what it lies with 95 %. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** How many runs it is the mean of. */
  readonly runs: number;
}

const RESAMPLES = 1000;

/** The mean and its interval by bootstrap; the same values give the same interval. null of none. */
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
