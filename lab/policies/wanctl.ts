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
  type WritePace,
  type TokenBuckets,
  ROUTEROS_PACE,
  TC_PACE,
} from "../../controller/shapers/pace.js";
import {
  eachDirection,
  type PerDirection,
} from "../../shared/contract/direction.js";
import type { MonoMs } from "../../shared/runtime/clock.js";
import type { LabPolicy } from "../policy.js";

const PROBING = { reflectors: 6, spacingMs: 50, beatMs: 50 } as const;

interface Variant {
  /** The reflectors tell one-way times. */
  readonly hasOneWay: boolean;
  /** The preset of the line's kind, and not `cable` everywhere. */
  readonly isPreset: boolean;
}

/** The controller's own law and pace, as they run in the daemon. */
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
    const { targetMs, gains } = PRESETS[isPreset ? setting.kind : "cable"];
    const limits = eachDirection((d) => ({ ...setting.limits[d], targetMs }));
    const policy = { limits, gains, ...PROBING };
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

/** The rates in force after each wish, as the actuator paces them where a write takes no time. */
function openPace(pace: WritePace) {
  let purses: TokenBuckets | null = null;
  let inForce: PerDirection<number> | null = null;
  let wishes: PerDirection<{ bps: number; at: MonoMs }> | null = null;
  return (wishBps: PerDirection<number>, now: MonoMs): PerDirection<number> => {
    const before = wishes;
    const wished = eachDirection((d) =>
      before?.[d].bps === wishBps[d] ? before[d] : { bps: wishBps[d], at: now },
    );
    wishes = wished;
    let rates = inForce ?? wishBps;
    purses ??= fullBuckets(pace, now);
    for (;;) {
      const orders = eachDirection((d) => ({
        wishBps: wishBps[d],
        wishedAt: wished[d].at,
        enforcedBps: rates[d],
        isOurs: true,
      }));
      const next = nextWrite(orders, pace, purses, now);
      if (next === null) return (inForce = rates);
      rates = { ...rates, [next.direction]: wishBps[next.direction] };
      purses = afterWriting(pace, purses, next.change, now);
    }
  };
}

export const WANCTL = wanctl("wanctl", "ours, from round trips alone", {
  hasOneWay: false,
  isPreset: false,
});
export const WANCTL_OWD = wanctl(
  "wanctl-owd",
  "ours, with reflectors that tell one-way times",
  { hasOneWay: true, isPreset: false },
);
export const WANCTL_PRESET = wanctl(
  "wanctl-preset",
  "wanctl-owd with the preset of the line's kind",
  { hasOneWay: true, isPreset: true },
);
