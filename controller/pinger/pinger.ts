import type { MonoMs } from "../../shared/clock.js";
import type { ReadingKind } from "../../shared/state.js";
import type { Reply } from "../law/reading.js";

/** What one look at the pinger brings: each reply and each loss once. */
export interface Answers {
  readonly kind: ReadingKind;
  readonly replies: readonly Reply[];
  readonly lost: number;
}

/** Probes that go out beside the cycle. */
export interface Pinger extends AsyncDisposable {
  take(now: MonoMs): Answers;
}
