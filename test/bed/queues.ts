import type { Direction } from "../../shared/contract/direction.js";
import type { Shaping } from "./kernel.js";
import { run } from "./namespace.js";

/** The devices of `config/bed.yaml`. */
const DEVICE = { download: "ifb4wan", upload: "wan" } as const;

const MTU_BYTES = 1514;
const HTB_QUEUE_MS = 5;

/**
 * The two queues an operator makes and the controller steers: the upload's on the WAN itself, the download's on an ifb
 * that all of the WAN's ingress passes. HTB without a short queue of its own would only move the bloat, hence its leaf.
 */
export function addQueue(
  shaping: Shaping,
  direction: Direction,
  kbps: number,
): void {
  const device = DEVICE[direction];
  if (direction === "download") redirectIngress(device);
  if (shaping === "cake") tc(cake("add", direction, kbps));
  else {
    tc(`qdisc add dev ${device} root handle 1: htb default 1`);
    tc(htb("add", device, kbps));
    tc(`qdisc add dev ${device} parent 1:1 bfifo limit ${leaf(kbps)}`);
  }
}

/** Sets a rate behind the controller's back. */
export function changeQueue(
  shaping: Shaping,
  direction: Direction,
  kbps: number,
): void {
  if (shaping === "cake") tc(cake("change", direction, kbps));
  else tc(htb("change", DEVICE[direction], kbps));
}

/** Takes a queue away, as an operator's slip or a reboot of the router would. */
export function removeQueue(direction: Direction): void {
  if (direction === "upload") tc("qdisc del dev wan root");
  else {
    tc("qdisc del dev wan ingress");
    run("shaper", `ip link del ${DEVICE[direction]}`);
  }
}

/** The rate the kernel enforces, kbit/s; null where there is no queue. */
export function kernelKbps(direction: Direction): number | null {
  const device = DEVICE[direction];
  const shown = shownOrNothing(`tc qdisc show dev ${device} root`);
  const text = shown.includes("htb")
    ? run("shaper", `tc class show dev ${device}`)
    : shown;
  const [, number, unit] =
    /(?:bandwidth|rate) ([\d.]+)([KMG]?)bit/.exec(text) ?? [];
  if (number === undefined) return null;
  return (
    Number(number) *
    { "": 1e-3, K: 1, M: 1e3, G: 1e6 }[unit as "" | "K" | "M" | "G"]
  );
}

/** Whether the kernel enforces this rate, to the hundredth. */
export const enforces = (direction: Direction, kbps: number): boolean =>
  Math.abs((kernelKbps(direction) ?? 0) - kbps) < 0.01 * kbps;

function shownOrNothing(command: string): string {
  try {
    return run("shaper", command);
  } catch {
    return ""; // the device itself is away
  }
}

function redirectIngress(device: string): void {
  run("shaper", `ip link add ${device} type ifb`);
  run("shaper", `ip link set ${device} up`);
  tc("qdisc add dev wan handle ffff: ingress");
  tc(
    `filter add dev wan parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev ${device}`,
  );
}

type Verb = "add" | "change";

const cake = (verb: Verb, direction: Direction, kbps: number): string =>
  `qdisc ${verb} dev ${DEVICE[direction]} root cake bandwidth ${kbps}kbit besteffort ` +
  (direction === "download" ? "dual-dsthost ingress" : "dual-srchost");

const htb = (verb: Verb, device: string, kbps: number): string =>
  `class ${verb} dev ${device} parent 1: classid 1:1 htb rate ${kbps}kbit ceil ${kbps}kbit ` +
  `burst 2k cburst 2k quantum ${MTU_BYTES}`;

const leaf = (kbps: number): number =>
  Math.max(3 * MTU_BYTES, Math.round((kbps * HTB_QUEUE_MS) / 8));

const tc = (command: string): void => void run("shaper", `tc ${command}`);
