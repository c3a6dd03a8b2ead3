/** Why a call failed. Callers decide by the kind; the text is for people. */
const FAULTS = [
  /** Connection refused or reset, or no route. */
  "unreachable",
  /** No answer in time. */
  "timeout",
  /** The certificate or host key is not trusted. */
  "untrusted",
  /** The credentials are wrong, or lack permission. */
  "unauthorized",
  /** No such item, or its id is no longer valid. */
  "not_found",
  /** The router cannot answer now: overloaded, or starting. */
  "busy",
  /** The router refused the command, or its answer is not understood. */
  "refused",
] as const;

export type FaultKind = (typeof FAULTS)[number];

/** How a router is reached. */
export const TRANSPORTS = ["rest", "ssh", "tc"] as const;

export type Transport = (typeof TRANSPORTS)[number];

/** The outcome of a call to a router: ok, or a fault. */
export const CALL_OUTCOMES = ["ok", ...FAULTS] as const;

export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** Calls since the start; zero counts are left out. */
export type CallCounts = Readonly<
  Partial<Record<Transport, Readonly<Partial<Record<CallOutcome, number>>>>>
>;
