import type { Problem } from "../../shared/config/error.js";

/** Something looked at now: what it is, and what keeps it from working. */
export interface Look {
  readonly is: string;
  readonly problems: readonly Problem[];
}
