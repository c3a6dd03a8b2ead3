import type { ReadingKind } from "../../shared/contract/state.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { Reply } from "../law/inputs.js";
import type { Addresses } from "./addresses.js";
import type { Budget } from "./budget.js";

/** What one look at the pinger brings: each reply and each loss once. */
export interface Answers {
  readonly kind: ReadingKind;
  readonly replies: readonly Reply[];
  readonly lost: number;
}

/** The answers of a beat; sorts the replies by arrival. Asleep is who has nothing to wait for. */
export const answersOf = (
  replies: Reply[],
  lost: number,
  isAsleep = false,
): Answers => ({
  kind:
    replies.length > 0
      ? "reply"
      : lost > 0
        ? "lost"
        : isAsleep
          ? "asleep"
          : "none_yet",
  replies: replies.sort((a, b) => a.receivedAt - b.receivedAt),
  lost,
});

/** Of a beat in which there was nothing to wait for. */
export const NOTHING_ASKED: Answers = answersOf([], 0, true);

/** What all who probe have in common. */
export interface Shared {
  readonly addresses: Pick<Addresses, "of">;
  readonly budget: Budget;
}

/** Probes that go out beside the cycle. */
export interface Pinger extends AsyncDisposable {
  take(now: MonoMs): Answers;
  /** From now on a round of probes each so many ms and a rest after it; null: no rests. */
  rest(roundMs: number | null): void;
  /** Nothing that is under way counts any more. */
  forget(now: MonoMs): void;
  /** Why nobody can be pinged now; null where it works. */
  fault(): string | null;
  /** How it measures, for whoever asks at the health socket. */
  view(): Readonly<Record<string, unknown>>;
}
