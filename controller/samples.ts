import type { Message } from "../shared/contract/frame.js";
import { labelText } from "../shared/contract/metrics.js";
import { later, type MonoMs } from "../shared/runtime/clock.js";

/** Publishes values that rarely change: each when it is first known, when it changes, and once a minute for whoever was not there. */
export interface Samples {
  tell(
    metric: string,
    value: number,
    now: MonoMs,
    labels?: Readonly<Record<string, string>>,
  ): void;
}

const REPEAT_MS = 60_000;

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
