/**
 * What can be told of the line at all. The place in the list is the code of the metric `wanctl_condition`; codes are
 * appended, never reused.
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
