import { FAULTS } from "./routeros/session.js";

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
