import { endOf, type EventName, type TroubleName } from "../contract/event.js";
import { type Clock, type MonoMs, msSince } from "./clock.js";
import type { Fields } from "./log.js";

/** Reports an event on the bus and in the log. */
export type Report = (event: EventName, detail: Fields) => void;

/** A trouble that is reported once when it begins and once, with its length, when it ends. */
export interface Outage {
  /** The latest reason; null while there is no trouble. */
  why(): string | null;
  /** Time since it last began or ended, ms. */
  sinceMs(): number;
  /** Reports `detail` if no trouble was on; always replaces the reason. */
  begin(why: string, detail: Fields): void;
  /** Reports `detail` and `lost_ms` if a trouble was on. */
  end(detail?: Fields): void;
}

export function openOutage(
  trouble: TroubleName,
  clock: Clock,
  report: Report,
): Outage {
  let why: string | null = null;
  let changedAt: MonoMs = clock.mono();
  const sinceMs = () => Math.round(msSince(changedAt, clock.mono()));
  return {
    why: () => why,
    sinceMs,
    begin(reason, detail) {
      if (why === null) {
        changedAt = clock.mono();
        report(trouble, detail);
      }
      why = reason;
    },
    end(detail) {
      if (why === null) return;
      why = null;
      report(endOf(trouble), { ...detail, lost_ms: sinceMs() });
      changedAt = clock.mono();
    },
  };
}
