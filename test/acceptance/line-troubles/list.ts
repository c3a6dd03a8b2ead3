import { firewallHas, kernelHas } from "../../bed/kernel.js";
import { LINKS } from "./links.js";
import { MACHINE, ORDINARY, RESTARTS } from "./machine.js";
import { PATHS } from "./paths.js";
import { FPINGS, PROCESSES } from "./processes.js";
import type { Trouble } from "./trouble.js";

/** All there are, in an order that works. */
export const TROUBLES: readonly Trouble[] = [
  ...LINKS,
  ...PATHS,
  ...PROCESSES,
  ...MACHINE,
  ...RESTARTS,
  ...FPINGS,
  ORDINARY,
];

/** Those that one controller and one recorder live through in any order; rates set twice in a minute make it pause. */
export const LASTING: readonly Trouble[] = [
  ...LINKS,
  ...PATHS,
  ...PROCESSES,
  ...MACHINE,
].filter(({ what }) => !/recorder killed|set by/.test(what));

const IS_HERE = {
  netem: kernelHas("netem"),
  bed: process.env["BED"] !== undefined,
  "nft limit": firewallHas("limit rate 5/second drop"),
  "nft reject": firewallHas("reject"),
};

/** Whether this machine has what it takes. */
export const isPossible = ({ needs }: Trouble): boolean =>
  needs === undefined || IS_HERE[needs];
