import type { Condition } from "../../shared/contract/state.js";
import { showMbps, toKbps } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";

/** The state of a device: up; existing but without a carrier or administratively down; or not existing. */
export type LinkState = "up" | "down" | "gone";

/** Facts about the line besides the answers. */
export interface Signs {
  /** Null if unknown. */
  readonly link: LinkState | null;
  /** The device `link` is about; null if it has no name on this host. */
  readonly device: string | null;
  /** Whether measurements come from the fallback, not from pings. */
  readonly isFallback: boolean;
  /** Whether too few pings are answered to control the rates. */
  readonly isSparse: boolean;
  /** Whether the gateway answers, which is probed only while no reflector does; null if unknown. */
  readonly gateway: boolean | null;
  /** Why pings cannot be sent now, a local fault; null if they can. */
  readonly pingerFault: string | null;
  /** How many reflectors are probed. */
  readonly asked: number;
  /** Host names without a known address. */
  readonly unknown: readonly string[];
  /** Whether these are all reflectors, so that no reflector can be probed. */
  readonly isNameless: boolean;
}

/** The input for the condition. */
export interface Facts extends Signs {
  /** Time since the last answer, ms; Infinity before the first one. */
  readonly silentMs: number;
  /** How many reflectors answered within the last 5 s. */
  readonly answering: number;
  /** Received traffic over the last 500 ms, bit/s; null without byte counters. */
  readonly receivedBps: number | null;
  /** The floor of the download, bit/s, which the line can always carry. */
  readonly floorBps: number;
}

/** The present condition and its start, and the candidate to replace it. */
export interface ConditionNow {
  readonly condition: Condition;
  readonly from: MonoMs;
  readonly next: { readonly condition: Condition; readonly from: MonoMs };
  /** Since when at least one reflector can be probed. */
  readonly askedFrom: MonoMs;
}

/** ms without an answer after which the line is silent: longer than one lost probe or one long queue. */
const SILENT_MS = 1_000;

/**
 * ms without an answer, while at least the floor is received, after which pings count as filtered: at that rate no
 * queue is this long. Below the floor one may be.
 */
const FILTERED_MS = 2_000;

/** ms without an answer and without traffic after which the line is down. Traffic alone may pause for a second. */
const DOWN_MS = 3_000;

/** bit/s that a modem itself may send; only more than this shows that the line carries traffic. */
const CHATTER_BPS = 8_000;

/** In `sparse`, ms without an answer after which the line is silent. */
const SPARSE_MS = 5_000;

/** Answering reflectors needed for `measuring`: a median of three tolerates one outlier. */
const ENOUGH = 3;

/** A condition must hold for this long, ms, before it is reported: no flapping. */
const SETTLE_MS = 1_000;

/** Before the first answer. */
export const standingAt = (now: MonoMs): ConditionNow => ({
  condition: "silent",
  from: now,
  next: { condition: "silent", from: now },
  askedFrom: now,
});

/** The condition after a cycle. */
export function standing(
  before: ConditionNow,
  facts: Facts,
  now: MonoMs,
): ConditionNow {
  const askedFrom = canAsk(facts) ? before.askedFrom : now;
  const waitedMs = Math.min(facts.silentMs, msSince(askedFrom, now));
  const condition = judge(facts, waitedMs, before.condition);
  const from = before.next.condition === condition ? before.next.from : now;
  const next = { condition, from };
  return condition !== before.condition &&
    now >= later(from, settleMs(before.condition, condition))
    ? { condition, from, next, askedFrom }
    : { ...before, next, askedFrom };
}

/**
 * Immediate: a lost link, the beginning of a silence, and the change from a silence to measuring or to a line that is
 * down. Others wait: when a line comes back, traffic arrives a round trip before the first answers.
 */
const settleMs = (from: Condition, to: Condition): number =>
  to === "no_link" ||
  (to === "silent" && MEASURED.includes(from)) ||
  (from === "silent" && (to === "measuring" || to === "line_down"))
    ? 0
    : SETTLE_MS;

const MEASURED: readonly Condition[] = ["measuring", "reduced", "sparse"];

const canAsk = ({ isNameless, pingerFault, isFallback }: Facts): boolean =>
  !isNameless && (pingerFault === null || isFallback);

/** @param waitedMs time since the last answer during which reflectors could be probed */
function judge(facts: Facts, waitedMs: number, was: Condition): Condition {
  const { link, isFallback, isSparse, silentMs, answering, asked } = facts;
  const { receivedBps, floorBps, isNameless, pingerFault } = facts;
  if (link === "gone" || link === "down") return "no_link";
  if (isSparse && silentMs <= SPARSE_MS) return "sparse";
  if (silentMs <= SILENT_MS) {
    if (isFallback && pingerFault === null) return "filtered";
    return answering < Math.min(ENOUGH, asked) ? "reduced" : "measuring";
  }
  if (receivedBps === null || isNameless || pingerFault !== null)
    return "silent";
  if (receivedBps <= CHATTER_BPS)
    return waitedMs > DOWN_MS ? "line_down" : "silent";
  const isFull = receivedBps >= floorBps && waitedMs > FILTERED_MS;
  // remains filtered while any traffic arrives
  return isFull || was === "filtered" ? "filtered" : "silent";
}

/** The condition in words; null for `measuring`. */
export function conditionInWords(
  { condition, from }: Pick<ConditionNow, "condition" | "from">,
  facts: Facts,
  now: MonoMs,
): string | null {
  const { silentMs, answering, asked, isFallback, gateway } = facts;
  const { link, device } = facts;
  // an answer may be stamped slightly later than the cycle
  const spell = (ms: number) => `${(Math.max(0, ms) / 1e3).toFixed(1)} s`;
  const silence = facts.isNameless
    ? "no reflector can be probed"
    : Number.isFinite(silentMs)
      ? `no reflector answered for ${spell(silentMs)}`
      : "no reflector has answered yet";
  const nameless =
    facts.unknown.length === 0
      ? ""
      : `; no address known for ${facts.unknown.join(", ")}`;
  const next =
    gateway === null
      ? ""
      : gateway
        ? "; the gateway answers"
        : "; the gateway does not answer either";
  switch (condition) {
    case "measuring":
      return null;
    case "reduced":
      return answering < ENOUGH
        ? `only ${answering} of ${asked} reflectors answer${nameless}`
        : `${answering} of ${asked} reflectors answer again`;
    case "sparse":
      return "too few pings are answered to control the rates: replies are rate-limited or lost";
    case "silent":
      return silence + nameless + coming(facts) + next;
    case "filtered":
      return isFallback
        ? "pings are filtered: measured by TCP handshakes"
        : `pings are filtered or the reflectors are down: traffic passes, but ${silence}`;
    case "line_down":
      return `line is down: ${silence}, and no traffic arrives${next}`;
    case "no_link":
      return `no link for ${spell(msSince(from, now))}: ${device ?? "interface"} is ${link === "gone" ? "gone" : "down"}`;
  }
}

/** Received traffic during a silence, if it leaves the cause open. */
function coming({ receivedBps, floorBps, silentMs }: Facts): string {
  if (receivedBps === null || silentMs <= FILTERED_MS) return "";
  if (receivedBps <= CHATTER_BPS || receivedBps >= floorBps) return "";
  const [is, floor] = [receivedBps, floorBps].map((bps) =>
    showMbps(toKbps(bps)),
  );
  return `; ${is} Mbit/s received, less than the floor of ${floor}: a very slow line, or filtered pings`;
}
