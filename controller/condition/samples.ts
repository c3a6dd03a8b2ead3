import type { Message } from "../../shared/contract/frame.js";
import { DIRECTIONS } from "../../shared/contract/direction.js";
import { labelText } from "../../shared/contract/metrics.js";
import type { CallCounts } from "../../shared/contract/router-call.js";
import { inTenths, MINUTE_MS } from "../../shared/contract/units.js";
import { later, type MonoMs } from "../../shared/runtime/clock.js";
import type { ControlState } from "../law/control.js";
import { restlessRatio } from "../law/restlessness.js";
import type { Shaper } from "../shapers/shaper.js";

/** Publishes values that rarely change: each when it is first known, when it changes, and once a minute for readers that were not there. */
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

/** Tells whether the router accepts rates. */
export interface RouterWatch {
  look(router: ReturnType<Shaper["view"]>, now: MonoMs): void;
}

/** Publishes nothing before the first answer or fault: until then it is not known. */
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

/** Tells what was learned of the line. */
export interface LearnedWatch {
  look(state: ControlState): void;
}

/** Publishes how restless each direction is, in tenths: finer steps would be noise. */
export function openLearnedWatch(
  publish: (message: Message) => void,
): LearnedWatch {
  const samples = openSamples(publish);
  return {
    look({ rate, at }) {
      for (const direction of DIRECTIONS)
        samples.tell(
          "wanctl_restlessness_ratio",
          inTenths(restlessRatio(rate[direction].restlessness)),
          at,
          { direction },
        );
    },
  };
}

/** Tells how the calls to the router ended. */
export interface CallsWatch {
  /** Called every cycle; seldom is anything due. */
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
