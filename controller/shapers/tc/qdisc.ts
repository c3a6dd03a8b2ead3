import { maybe } from "../../../shared/contract/units.js";
import {
  type JsonFields,
  fieldsIn,
  numberIn,
  objectsIn,
  textIn,
} from "../../qdisc/answer.js";

/** tc(8) in words and back: what to write to shape a device, and what its answers say. */

type QdiscKind = "cake" | "htb";

/**
 * A frame of Ethernet, and the time a leaf may hold at the rate; three frames at least. Probes wait in it too, so it must
 * be short against the target: with 15 ms our own queue alone looks like bufferbloat, and the rate falls to half.
 */
const MTU_BYTES = 1514;
const LEAF_MS = 5;

const leafBytes = (bps: number): number =>
  Math.max(3 * MTU_BYTES, Math.round((bps / 8e3) * LEAF_MS));

/**
 * Lines for `tc -batch` that set the rate, kbit/s precise. CAKE takes it itself; where the kernel has none, an HTB class
 * 1:1 does, whose leaf is a byte FIFO resized with the rate.
 */
export function setLines(
  kind: QdiscKind,
  device: string,
  bps: number,
): string[] {
  if (kind === "cake")
    return [`qdisc change dev ${device} root cake bandwidth ${kbit(bps)}`];
  return [
    `class change dev ${device} ${htbClass(bps)}`,
    `qdisc change dev ${device} parent 1:1 ${htbLeaf(bps)}`,
  ];
}

const kbit = (bps: number): string => `${Math.round(bps / 1e3)}kbit`;

/** HTB's class 1:1 in words, shaping to a rate. */
export const htbClass = (bps: number): string =>
  `parent 1: classid 1:1 htb rate ${kbit(bps)} ceil ${kbit(bps)} burst 2k cburst 2k quantum ${MTU_BYTES}`;

/** The queue under HTB's class 1:1 in words. */
export const htbLeaf = (bps: number): string => `bfifo limit ${leafBytes(bps)}`;

/** Lines that make tc say what is in force. The qdisc comes last: its answer ends the question. */
export const askLines = (device: string): string[] => [
  `class show dev ${device}`,
  `qdisc show dev ${device}`,
];

/** What a device's shaper is, and the rate it enforces. */
export interface ActualRate {
  readonly kind: QdiscKind;
  readonly bps: number;
  /** The handles of the device's queues, and the bytes that passed the root, where tc says how many. */
  readonly handles: string;
  readonly bytes: number | null;
}

/** Was the queue made anew between two answers? Then it has another handle, or counts from nothing again. */
export const isAnother = (before: ActualRate, after: ActualRate): boolean =>
  before.handles !== after.handles ||
  (before.bytes !== null && after.bytes !== null && after.bytes < before.bytes);

/** Does this line answer `qdisc show`, with -j? */
export const isQdiscAnswer = (line: string): boolean =>
  line.startsWith('[{"kind"');

/**
 * The root shaper in the answer to {@link askLines}; null where there is no CAKE with a bandwidth and no HTB class 1:1. Rates
 * in JSON are bytes/s; HTB's classes are text in iproute2 before 6.2: `class htb 1:1 root leaf 10: prio 0 rate 20Mbit ...`
 */
export function parseActualRate(
  answer: readonly string[],
): ActualRate | "unreadable" | null {
  const last = answer.at(-1);
  if (last === undefined || !isQdiscAnswer(last)) return null;
  const all = objectsIn(last);
  if (all === null) return "unreadable";
  const handles = all.map((qdisc) => textIn(qdisc, "handle")).join(" ");
  const root = all.find((qdisc) => qdisc["root"] === true);
  if (root === undefined) return null;
  const which = { handles, bytes: numberIn(root, "bytes") };
  const kind = textIn(root, "kind");
  if (kind === "cake") return enforcing(kind, bandwidthOf(root), which);
  return kind === "htb" ? enforcing(kind, htbRate(answer), which) : null;
}

const bandwidthOf = (cake: JsonFields): number | null =>
  maybe(numberIn(fieldsIn(cake, "options"), "bandwidth"), (bytes) => bytes * 8);

/** No queue is faster; a greater number is none that the kernel said. */
const FASTEST_BPS = 1e13;

const enforcing = (
  kind: QdiscKind,
  bps: number | null,
  which: Pick<ActualRate, "handles" | "bytes">,
): ActualRate | null =>
  bps === null || bps > FASTEST_BPS ? null : { kind, bps, ...which };

/** The rate of class 1:1, bit/s. */
function htbRate(answer: readonly string[]): number | null {
  for (const line of answer) {
    const [, rate, unit = ""] = CLASS_IN_TEXT.exec(line) ?? [];
    if (rate !== undefined) return Number(rate) * (SCALE[unit] ?? NaN);
    if (!line.startsWith('[{"class"')) continue;
    const found = objectsIn(line)?.find(
      (one) => one["class"] === "htb" && one["handle"] === "1:1",
    );
    if (found !== undefined)
      return maybe(numberIn(found, "rate"), (bytes) => bytes * 8);
  }
  return null;
}

const CLASS_IN_TEXT = /^class htb 1:1 .*?\brate (\d+)([KMGT]?)bit/;

const SCALE: Readonly<Record<string, number>> = {
  "": 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};
