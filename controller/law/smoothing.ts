/** What part of the way to a new value a filter with this time constant goes in `ms`. */
export const share = (ms: number, timeConstantMs: number): number =>
  1 - Math.exp(-Math.max(0, ms) / timeConstantMs);
