import type { FaultKind } from "../../shared/contract/router-call.js";
import { type Clock, since } from "../../shared/runtime/clock.js";
import type { Report } from "../report.js";

/** A lost router is tried again after so long; one that does not know us rarely, lest it locks us out. */
export const RETRY_MS: Readonly<Record<FaultKind, number>> = {
  unreachable: 500,
  timeout: 250,
  busy: 500,
  not_found: 1_000,
  refused: 1_000,
  untrusted: 30_000,
  unauthorized: 30_000,
};

export interface Fault {
  readonly fault: FaultKind;
  readonly why: string;
}

/** Whether the router is within reach, and since when; its edges are reported (CTRL-04). */
export interface Contact {
  readonly error: string | null;
  readonly sinceMs: number;
  lost(fault: Fault): void;
  back(): void;
}

export function openContact(
  backend: string,
  clock: Clock,
  report: Report,
): Contact {
  let error: string | null = null;
  let changedAt = clock.mono();
  const lastedMs = () => Math.round(since(changedAt, clock.mono()));
  return {
    get error() {
      return error;
    },
    get sinceMs() {
      return lastedMs();
    },
    lost({ fault, why }) {
      if (error === null) {
        report("router_lost", { backend, fault, why });
        changedAt = clock.mono();
      }
      error = why;
    },
    back() {
      if (error === null) return;
      error = null;
      report("router_back", { backend, lost_ms: lastedMs() });
      changedAt = clock.mono();
    },
  };
}
