import { isIPv4, isIPv6 } from "node:net";
import { Failure } from "../../../shared/runtime/failure.js";
import type { PingerKind } from "../pinger.js";
import { openIcmp } from "./icmp.js";
import { mayOpenIcmpSocket } from "./socket.js";

/** A raw ICMP socket: IPv4 only, and needs CAP_NET_RAW, which fping may have even if this process does not. */
export const ICMP: PingerKind = {
  name: "icmp",
  needs({ method, reflectors, source }) {
    const isPossible =
      method !== "echo" &&
      !reflectors.some(isIPv6) &&
      (source === null || isIPv4(source));
    if (isPossible && mayOpenIcmpSocket()) return true;
    if (method !== "timestamps") return false;
    throw new Failure(
      "Cannot start controller: ICMP timestamp requests need CAP_NET_RAW: run it as root, or set AmbientCapabilities= in the unit",
    );
  },
  within: (probe, budgetBps) => ({ probe, leftBps: budgetBps }),
  open: openIcmp,
};
