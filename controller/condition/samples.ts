import type { Message } from "../../shared/contract/frame.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import { labelText } from "../../shared/contract/metrics.js";
import type { CallCounts } from "../../shared/contract/router-call.js";
import { MINUTE_MS } from "../../shared/contract/units.js";
import { later, type MonoMs } from "../../shared/runtime/clock.js";
import type { ControlState } from "../law/control.js";
import { shownRestlessness } from "../law/restlessness.js";
import type { Shaper } from "../shapers/shaper.js";

/** Publishes rarely changing values: when first known, on change, and once a minute for readers that joined later. */
interface Samples {
  tell(
    metric: string,
    value: number,
    now: MonoMs,
    labels?: Readonly<Record<string, string>>,
  ): void;
}

const REPEAT_MS = MINUTE_MS;

export function openSamples(publish: (message: Message) => void): Samples {
  const told = new Map<string, { value: number; repeatAt: MonoMs }>();
  return {
    tell(metric, value, now, labels = {}) {
      const key = `${metric}${labelText(labels) ?? ""}`;
      const last = told.get(key);
      if (last?.value === value && now < last.repeatAt) return;
      told.set(key, { value, repeatAt: later(now, REPEAT_MS) });
      publish({ kind: "sample", metric, value, labels: { ...labels } });
    },
  };
}

/** Publishes whether the router accepts rates. */
export interface RouterWatch {
  look(router: ReturnType<Shaper["view"]>, now: MonoMs): void;
}

/** Publishes nothing before the router's first answer or fault. */
export function openRouterWatch(
  publish: (message: Message) => void,
): RouterWatch {
  const samples = openSamples(publish);
  return {
    look({ error, reachable }, now) {
      if (error !== null || reachable)
        samples.tell("wanctl_router_up", Number(error === null), now);
    },
  };
}

/** Publishes what the law has learned of the line. */
export interface LearnedWatch {
  look(state: ControlState): void;
}

/** The restlessness of each direction. */
export function openLearnedWatch(
  publish: (message: Message) => void,
): LearnedWatch {
  const samples = openSamples(publish);
  return {
    look({ rate, at }) {
      for (const direction of DIRECTIONS)
        samples.tell(
          "wanctl_restlessness_ratio",
          shownRestlessness(rate[direction].restlessness),
          at,
          { direction },
        );
    },
  };
}

/** Publishes the calls to the router, by outcome. */
export interface CallsWatch {
  /** Called every cycle; publishes at most every 5 s. */
  look(now: MonoMs): void;
}

/** Shortest time between publications, ms; about the scrape interval of Prometheus. */
const PERIOD_MS = 5_000;

/** Publishes the counts, which start at zero with each run. */
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
