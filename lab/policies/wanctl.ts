import { eachDirection } from "../../shared/direction.js";
import {
  initial,
  step,
  type ControlState,
} from "../../controller/law/control.js";
import { PRESETS } from "../../controller/law/presets.js";
import { ratesOf } from "../../controller/law/rate-state.js";
import { isDue, type Written } from "../../controller/shaper/pace.js";
import type { Policy } from "../policy.js";

const PROBING = { reflectors: 6, spacingMs: 50, beatMs: 50 } as const;

/**
 * The controller's own law and pace, as they run in the daemon.
 * @param tellsWays whether the reflectors tell one-way times
 */
const wanctl = (name: string, title: string, tellsWays: boolean): Policy => ({
  ...PROBING,
  name,
  title,
  open({ limits }) {
    const policy = { limits, manner: PRESETS.cable.manner, ...PROBING };
    let state: ControlState | null = null;
    const written: Record<"download" | "upload", Written | null> = {
      download: null,
      upload: null,
    };
    return {
      decide(seen, now) {
        const replies = tellsWays
          ? seen.replies
          : seen.replies.map((reply) => ({ ...reply, wayMs: null }));
        const before = state ?? initial(policy, now);
        state = step(before, { ...seen, replies }, now, policy);
        const wishBps = ratesOf(state.rate);
        return eachDirection((direction) => {
          const last = written[direction];
          const bps = wishBps[direction];
          if (last !== null && !isDue(last, bps, now)) return last.bps;
          if (bps !== last?.bps) written[direction] = { bps, at: now };
          return bps;
        });
      },
    };
  },
});

export const WANCTL = wanctl("wanctl", "ours, from round trips alone", false);
export const WANCTL_OWD = wanctl(
  "wanctl-owd",
  "ours, with reflectors that tell one-way times",
  true,
);
