import type {
  CallCounts,
  CallOutcome,
  Transport,
} from "../../shared/contract/router-call.js";
import type { Outcome } from "./outcome.js";
import type { Session } from "./routeros/session.js";

/** Counts what is asked of a router, by how it ended. */
export interface RouterCalls {
  /** @returns the same outcome, counted */
  count<T>(
    transport: Transport,
    operation: Promise<Outcome<T>>,
  ): Promise<Outcome<T>>;
  counts(): CallCounts;
}

export function openRouterCalls(): RouterCalls {
  const counts: Partial<
    Record<Transport, Partial<Record<CallOutcome, number>>>
  > = {};
  return {
    async count(transport, operation) {
      const outcome = await operation;
      const ended = outcome.kind === "done" ? "ok" : outcome.fault;
      const own = (counts[transport] ??= {});
      own[ended] = (own[ended] ?? 0) + 1;
      return outcome;
    },
    counts: () => structuredClone(counts),
  };
}

/** A session whose operations are counted. */
export const countedSession = (
  session: Session,
  calls: RouterCalls,
): Session => ({
  transport: session.transport,
  list: (menu, where) =>
    calls.count(session.transport, session.list(menu, where)),
  set: (menu, id, values) =>
    calls.count(session.transport, session.set(menu, id, values)),
  [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
});
