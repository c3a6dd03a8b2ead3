/** The state of one direction; the index is its code everywhere: 0 GREEN .. 3 RED. */
export const STATES = ["GREEN", "YELLOW", "SOFT_RED", "RED"] as const;
export type State = (typeof STATES)[number];
export const stateCode = (state: State): number => STATES.indexOf(state);

/**
 * What a cycle got from the pinger; the index is its code. Only `lost` counts as loss: a probe passed its deadline, and
 * no other was answered.
 */
export const READINGS = [
  "reply",
  "none_yet",
  "lost",
  "asleep",
  "no_link",
] as const;
export type ReadingKind = (typeof READINGS)[number];
export const readingCode = (kind: ReadingKind): number =>
  READINGS.indexOf(kind);

/**
 * The condition of the line. The index is the code of the metric `wanctl_condition`; conditions are appended, never
 * reused.
 */
export const CONDITIONS = [
  "measuring",
  "reduced",
  "silent",
  "filtered",
  "line_down",
  "no_link",
  "sparse",
] as const;
export type Condition = (typeof CONDITIONS)[number];
export const conditionCode = (condition: Condition): number =>
  CONDITIONS.indexOf(condition);
