/** Why an operation failed. A closed list: callers decide by the kind, people read the text. */
const FAULTS = [
  /** Nothing answers at that address: connection refused, reset, no route. */
  "unreachable",
  /** No answer in time. */
  "timeout",
  /** A certificate or host key that is not trusted. */
  "untrusted",
  /** The credentials are wrong, or do not suffice. */
  "unauthorized",
  /** No such item, or its id is no longer valid. */
  "not_found",
  /** It answers that it cannot now: overloaded, or starting. */
  "busy",
  /** The router understood and refused; or its answer cannot be understood. */
  "refused",
] as const;

export type FaultKind = (typeof FAULTS)[number];

/** How a router is spoken to. */
export const TRANSPORTS = ["rest", "ssh", "tc"] as const;

export type Transport = (typeof TRANSPORTS)[number];

/** How a call to a router ends: well, or with one of these faults. */
export const CALL_OUTCOMES = ["ok", ...FAULTS] as const;

export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** Calls since the start; what has not happened is left out. */
export type CallCounts = Readonly<
  Partial<Record<Transport, Readonly<Partial<Record<CallOutcome, number>>>>>
>;
