import { later, type MonoMs } from "../shared/clock.js";
import type { Message } from "../shared/frame.js";
import type { CallCounts } from "../shared/router-call.js";

/** Tells how the calls to the router ended. */
export interface CallsWatch {
  /** Looks every beat, and seldom finds that it is time. */
  look(now: MonoMs): void;
}

/** As often as Prometheus asks. */
const PERIOD_MS = 5_000;

/** A count that stands still is said again so often, for who was not there. */
const REPEAT_MS = 60_000;

/** Publishes each count that has changed. They begin anew with each run. */
export function openCallsWatch(
  counts: () => CallCounts,
  publish: (message: Message) => void,
): CallsWatch {
  const said = new Map<string, { count: number; repeatAt: MonoMs }>();
  let lookAt: MonoMs | null = null;

  function say(
    transport: string,
    outcome: string,
    count: number,
    now: MonoMs,
  ): void {
    const key = `${transport} ${outcome}`;
    const last = said.get(key);
    if (last?.count === count && now < last.repeatAt) return;
    said.set(key, { count, repeatAt: later(now, REPEAT_MS) });
    publish({
      kind: "sample",
      metric: "wanctl_router_calls_total",
      value: count,
      labels: { transport, outcome },
    });
  }

  return {
    look(now) {
      if (lookAt !== null && now < lookAt) return;
      lookAt = later(now, PERIOD_MS);
      for (const [transport, outcomes] of Object.entries(counts()))
        for (const [outcome, count] of Object.entries(outcomes))
          say(transport, outcome, count, now);
    },
  };
}
