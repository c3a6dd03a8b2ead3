import { maybe } from "../../../shared/contract/units.js";
import {
  type JsonFields,
  fieldsIn,
  numberIn,
  objectsIn,
  textIn,
} from "../../qdisc/answer.js";

/** tc(8): the commands that shape a device, and the parsing of its answers. */

type QdiscKind = "cake" | "htb";

/**
 * HTB's leaf holds this many ms at the rate, at least three Ethernet frames. Probes wait in it too, so it must be short
 * compared with the target: with 15 ms our own queue alone looks like bufferbloat, and the rate falls to half.
 */
const MTU_BYTES = 1514;
const LEAF_MS = 5;

const leafBytes = (bps: number): number =>
  Math.max(3 * MTU_BYTES, Math.round((bps / 8e3) * LEAF_MS));

/**
 * Lines for `tc -batch` that set the rate to the kbit/s: of CAKE or, if the kernel has no CAKE, of an HTB class 1:1
 * whose leaf is a byte FIFO resized with the rate.
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

/** tc arguments of HTB's class 1:1. */
export const htbClass = (bps: number): string =>
  `parent 1: classid 1:1 htb rate ${kbit(bps)} ceil ${kbit(bps)} burst 2k cburst 2k quantum ${MTU_BYTES}`;

/** tc arguments of the queue under class 1:1. */
export const htbLeaf = (bps: number): string => `bfifo limit ${leafBytes(bps)}`;

/** Lines that query what is in force. The qdisc comes last: its answer completes the question. */
export const askLines = (device: string): string[] => [
  `class show dev ${device}`,
  `qdisc show dev ${device}`,
];

/** A device's shaper and its rate. */
export interface ActualRate {
  readonly kind: QdiscKind;
  readonly bps: number;
  /** Handles of the device's queues, and bytes passed by the root; null if tc does not report them. */
  readonly handles: string;
  readonly bytes: number | null;
}

/** Whether the queue was recreated between two answers: its handle changed or its byte count went back. */
export const isAnother = (before: ActualRate, after: ActualRate): boolean =>
  before.handles !== after.handles ||
  (before.bytes !== null && after.bytes !== null && after.bytes < before.bytes);

/** Whether the line is the answer to `tc -j qdisc show`. */
export const isQdiscAnswer = (line: string): boolean =>
  line.startsWith('[{"kind"');

/**
 * The root shaper in the answer to {@link askLines}; null without a CAKE with a bandwidth or an HTB class 1:1. Rates in
 * JSON are bytes/s; before iproute2 6.2 HTB classes are text: `class htb 1:1 root leaf 10: prio 0 rate 20Mbit ...`
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

/** Highest plausible rate, bit/s; a higher one is ignored as garbage. */
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
