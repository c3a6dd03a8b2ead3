import type { Link } from "../condition.js";
import type { Counted } from "../law/reading.js";

/** The byte counters of the WAN, read beside the cycle. */
export interface Counters extends AsyncDisposable {
  /** The values since the last look, oldest first; each once. */
  take(): readonly Counted[];
  /** What the interface that is counted says of itself; null where that is not known. */
  link(): Link | null;
}

/** Where the traffic of the line is not known. */
export const NO_COUNTERS: Counters = {
  take: () => [],
  link: () => null,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
