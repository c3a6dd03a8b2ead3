import { type Clock, type MonoMs, since } from "../../shared/runtime/clock.js";
import type { Fields } from "../../shared/runtime/log.js";
import type { Report } from "../report.js";

/** The loss of a pinger: an event when it begins, and one when it is over. */
export interface Loss {
  /** Null while nothing is lost. */
  why(): string | null;
  begin(why: string, more?: Fields): void;
  end(more?: Fields): void;
}

export function openLoss(clock: Clock, report: Report): Loss {
  let lost: { readonly why: string; readonly at: MonoMs } | null = null;
  return {
    why: () => lost?.why ?? null,
    begin(why, more) {
      if (lost === null) report("pinger_lost", { why, ...more });
      lost = { why, at: lost?.at ?? clock.mono() };
    },
    end(more) {
      if (lost === null) return;
      const lostMs = Math.round(since(lost.at, clock.mono()));
      lost = null;
      report("pinger_back", { ...more, lost_ms: lostMs });
    },
  };
}
