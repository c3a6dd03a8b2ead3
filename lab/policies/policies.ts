import { eachDirection } from "../../shared/contract/direction.js";
import type { LabPolicy } from "../policy.js";
import { CAKE_AUTORATE, CAKE_AUTORATE_TIGHT } from "./cake-autorate.js";
import { PREDECESSOR } from "./predecessor.js";
import { SQM_AUTORATE } from "./sqm-autorate.js";
import { WANCTL, WANCTL_OWD, WANCTL_PRESET } from "./wanctl.js";

/** Policies that ignore replies. */
const BLIND = { reflectors: 1, spacingMs: 1000, cycleMs: 50 } as const;

/** No shaper: the line by itself. */
const NONE: LabPolicy = {
  ...BLIND,
  name: "none",
  title: "no shaping",
  open: () => ({ decide: () => eachDirection(() => Infinity) }),
};

/** CAKE at a fixed part of the nominal rate. */
const fixed = (percent: number): LabPolicy => ({
  ...BLIND,
  name: `static-${percent}`,
  title: `CAKE fixed at ${percent} % of the line's nominal rate`,
  open: ({ nominalBps }) => ({
    decide: () => eachDirection((d) => (percent / 100) * nominalBps[d]),
  }),
});

/** Part of the capacity: below 1, so that the bottleneck's queue drains. */
const ORACLE_RATIO = 0.95;
/** Part of the nominal rate: lowest rate, while the line carries nothing. */
const ORACLE_LEAST = 0.02;

/** Knows the capacity at each millisecond: an upper bound for any policy with CAKE and these senders. */
const ORACLE: LabPolicy = {
  ...BLIND,
  cycleMs: 1,
  isInstant: true,
  name: "oracle",
  title: "CAKE at 95 % of the line's capacity at each millisecond",
  open: ({ capacityBps, nominalBps }) => ({
    decide() {
      const now = capacityBps();
      return eachDirection((d) =>
        Math.max(ORACLE_RATIO * now[d], ORACLE_LEAST * nominalBps[d]),
      );
    },
  }),
};

/** All policies, in the order of the tables. */
export const POLICIES: readonly LabPolicy[] = [
  ORACLE,
  WANCTL,
  WANCTL_OWD,
  WANCTL_PRESET,
  CAKE_AUTORATE,
  CAKE_AUTORATE_TIGHT,
  SQM_AUTORATE,
  PREDECESSOR,
  fixed(95),
  fixed(90),
  fixed(38),
  NONE,
];
