import type { Policy } from "../policy.js";
import { CAKE_AUTORATE, CAKE_AUTORATE_TIGHT } from "./cake-autorate.js";
import { fixed, NONE, ORACLE } from "./fixed.js";
import { PREDECESSOR } from "./predecessor.js";
import { SQM_AUTORATE } from "./sqm-autorate.js";
import { WANCTL, WANCTL_OWD, WANCTL_PRESET } from "./wanctl.js";

/** Everybody the lab can let play, in the order of tables. */
export const POLICIES: readonly Policy[] = [
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
