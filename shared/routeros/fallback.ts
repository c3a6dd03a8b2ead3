import { type Clock, later, type MonoMs } from "../runtime/clock.js";
import type { FaultKind, Outcome, Session } from "./session.js";

/** The first is tried again after so long; each time it fails, after twice as long. */
const AGAIN_MS = 30_000;
const AGAIN_MAX_MS = 300_000;

/** What another transport may do better. A router that says no would say it there too. */
const FALLS_OVER: readonly FaultKind[] = [
  ...(["unreachable", "timeout", "untrusted"] as const),
  ...(["unauthorized", "busy"] as const),
];

/** Two ways to one router: the first as long as it works, else the second, with the first tried again by and by. */
export function openFallback(
  first: Session,
  second: Session,
  clock: Clock,
): Session {
  let againAt = clock.mono();
  let waitMs = AGAIN_MS;
  let latest = first;

  async function run<T>(
    operate: (session: Session) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const askedAt = clock.mono();
    if (askedAt >= againAt) {
      const outcome = await operate(first);
      latest = first;
      if (outcome.kind === "done" || !FALLS_OVER.includes(outcome.fault)) {
        waitMs = AGAIN_MS;
        return outcome;
      }
      // operations that are under way together fail together: that is one failure
      if (askedAt >= againAt) {
        againAt = later<MonoMs>(clock.mono(), waitMs);
        waitMs = Math.min(2 * waitMs, AGAIN_MAX_MS);
      }
    }
    latest = second;
    const outcome = await operate(second);
    // both: then it is the router, not the way to it
    if (outcome.kind === "failed" && FALLS_OVER.includes(outcome.fault)) {
      againAt = clock.mono();
      waitMs = AGAIN_MS;
    }
    return outcome;
  }

  return {
    get transport() {
      return latest.transport;
    },
    list: (menu, where) => run((session) => session.list(menu, where)),
    set: (menu, id, values) => run((session) => session.set(menu, id, values)),
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [first, second].map((one) => one[Symbol.asyncDispose]()),
      );
    },
  };
}
