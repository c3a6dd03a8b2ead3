import type { Message } from "../shared/contract/frame.js";
import type { CallCounts } from "../shared/contract/metrics.js";
import { later, type MonoMs } from "../shared/runtime/clock.js";
import { openSamples } from "./samples.js";

/** Tells how the calls to the router ended. */
export interface CallsWatch {
  /** Looks every beat, and seldom finds that it is time. */
  look(now: MonoMs): void;
}

/** As often as Prometheus asks. */
const PERIOD_MS = 5_000;

/** Publishes the counts. They begin anew with each run. */
export function openCallsWatch(
  counts: () => CallCounts,
  publish: (message: Message) => void,
): CallsWatch {
  const samples = openSamples(publish);
  let lookAt: MonoMs | null = null;
  return {
    look(now) {
      if (lookAt !== null && now < lookAt) return;
      lookAt = later(now, PERIOD_MS);
      for (const [transport, outcomes] of Object.entries(counts()))
        for (const [outcome, count] of Object.entries(outcomes)) {
          const labels = { transport, outcome };
          samples.tell("wanctl_router_calls_total", count, now, labels);
        }
    },
  };
}
