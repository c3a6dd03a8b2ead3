import {
  type ControlState,
  initial,
  step,
} from "../../controller/law/control.js";
import { ratesOf } from "../../controller/law/rate-state.js";
import { PRESETS } from "../../controller/law/tuning.js";
import {
  afterWriting,
  fullBuckets,
  nextWrite,
  type TokenBuckets,
  type WritePace,
} from "../../controller/shapers/pace.js";
import { ROUTEROS_PACE } from "../../controller/shapers/routeros/pace.js";
import { TC_PACE } from "../../controller/shapers/tc/pace.js";
import {
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { LabPolicy } from "../policy.js";

const PROBING = { reflectors: 6, spacingMs: 50, cycleMs: 50 } as const;

interface Variant {
  /** Whether reflectors report one-way delays. */
  readonly hasOneWay: boolean;
  /** Whether to use the preset for the kind of line, instead of `cable`. */
  readonly isPreset: boolean;
}

/** The controller's own law and write pacing, as in the daemon. */
const wanctl = (
  name: string,
  title: string,
  { hasOneWay, isPreset }: Variant,
): LabPolicy => ({
  ...PROBING,
  isPaced: true,
  name,
  title,
  open(setting) {
    const { targetMs, restless } = PRESETS[isPreset ? setting.kind : "cable"];
    const limits = eachDirection((d) => ({ ...setting.limits[d], targetMs }));
    const policy = { limits, restless, ...PROBING };
    let state: ControlState | null = null;
    const pace = openPace(PACES[setting.actuator]);
    return {
      decide(seen, now) {
        const replies = hasOneWay
          ? seen.replies
          : seen.replies.map((reply) => ({ ...reply, oneWayMs: null }));
        const before = state ?? initial(policy, now);
        state = step(before, { ...seen, replies }, now, policy);
        return pace(ratesOf(state.rate), now);
      },
    };
  },
});

const PACES = { tc: TC_PACE, routeros: ROUTEROS_PACE } as const;

/** The actual rates after each request, as the actuator paces them if a write takes no time. */
function openPace(pace: WritePace) {
  let buckets: TokenBuckets | null = null;
  let actual: PerDirection<number> | null = null;
  let requests: PerDirection<{ bps: number; at: MonoMs }> | null = null;
  return (
    desiredBps: PerDirection<number>,
    now: MonoMs,
  ): PerDirection<number> => {
    const before = requests;
    const requested = eachDirection((d) =>
      before?.[d].bps === desiredBps[d]
        ? before[d]
        : { bps: desiredBps[d], at: now },
    );
    requests = requested;
    let rates = actual ?? desiredBps;
    buckets ??= fullBuckets(pace, now);
    for (;;) {
      const orders = eachDirection((d) => ({
        desiredBps: desiredBps[d],
        desiredAt: requested[d].at,
        actualBps: rates[d],
        isOurs: true,
      }));
      const next = nextWrite(orders, pace, buckets, now);
      if (next === null) return (actual = rates);
      rates = { ...rates, [next.direction]: desiredBps[next.direction] };
      buckets = afterWriting(pace, buckets, next.change, now);
    }
  };
}

export const WANCTL = wanctl("wanctl", "wanctl's own law, by RTT alone", {
  hasOneWay: false,
  isPreset: false,
});
export const WANCTL_OWD = wanctl(
  "wanctl-owd",
  "wanctl's own law, with one-way delays",
  { hasOneWay: true, isPreset: false },
);
export const WANCTL_PRESET = wanctl(
  "wanctl-preset",
  "wanctl-owd with the preset for the kind of line",
  { hasOneWay: true, isPreset: true },
);
