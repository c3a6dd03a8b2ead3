import type {
  CallCounts,
  CallOutcome,
  FaultKind,
  Transport,
} from "../../shared/contract/router-call.js";
import type { Session } from "./routeros/session.js";
import type { Outcome } from "./shaper.js";

/** Counts calls to a router, by outcome. */
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

/** Time to the next try after a fault, ms; long after a failed authentication, to avoid being locked out. */
export const RETRY_MS: Readonly<Record<FaultKind, number>> = {
  unreachable: 500,
  timeout: 250,
  busy: 500,
  not_found: 1_000,
  refused: 1_000,
  untrusted: 30_000,
  unauthorized: 30_000,
};

export interface RouterFault {
  readonly fault: FaultKind;
  readonly why: string;
}
