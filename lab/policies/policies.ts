import { eachDirection } from "../../shared/contract/direction.js";
import type { LabPolicy } from "../policy.js";
import { CAKE_AUTORATE, CAKE_AUTORATE_TIGHT } from "./cake-autorate.js";
import { laggingOracle, ORACLE } from "./oracle.js";
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

/** All policies, in the order of the tables. */
export const POLICIES: readonly LabPolicy[] = [
  ORACLE,
  laggingOracle(100),
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
