import type { Condition } from "../../shared/contract/state.js";
import { showMbps, toKbps } from "../../shared/contract/units.js";
import { later, type MonoMs, msSince } from "../../shared/runtime/clock.js";

/** What a device that packets pass says: there and in use, there without a carrier or switched off, or not there at all. */
export type LinkState = "up" | "down" | "gone";

/** What is known of the line besides its answers. */
export interface Signs {
  /** Null where it cannot be known. */
  readonly link: LinkState | null;
  /** The device that this is told of; null where it has no name here. */
  readonly device: string | null;
  /** Whether the answers that come are not to pings, but to what is tried instead. */
  readonly isFallback: boolean;
  /** Whether pings are answered too rarely to control by. */
  readonly isSparse: boolean;
  /** Whether the next router answers, which is asked while no reflector does; null if unknown. */
  readonly gateway: boolean | null;
  /** Why pings cannot be sent now, which says nothing of the line; null if they can. */
  readonly pingerFault: string | null;
  /** How many reflectors are asked. */
  readonly asked: number;
  /** The names that no address was found for. */
  readonly unknown: readonly string[];
  /** Whether that is all of them, so that no reflector can be asked. */
  readonly isNameless: boolean;
}

/** What a condition is told from. */
export interface Facts extends Signs {
  /** Time since the last answer, ms; Infinity before the first one. */
  readonly silentMs: number;
  /** How many reflectors answered lately. */
  readonly answering: number;
  /** What the line brought lately, bit/s; null where that is not counted. */
  readonly receivedBps: number | null;
  /** What the line always carries, bit/s: its floor. */
  readonly floorBps: number;
}

/** A condition, from when it holds, and one that is about to take its place. */
export interface ConditionNow {
  readonly condition: Condition;
  readonly from: MonoMs;
  readonly next: { readonly condition: Condition; readonly from: MonoMs };
  /** Since when at least one reflector can be asked. */
  readonly askedFrom: MonoMs;
}

/** A silence of this length, ms, is neither one lost probe nor one long queue. */
const SILENT_MS = 1_000;

/**
 * A silence of this length, ms, while as much comes in as the line always carries: pings are filtered, for such a line has no
 * queue as long as that. Where less comes in it may have one.
 */
const FILTERED_MS = 2_000;

/** So long without an answer and without traffic: the line is down. Traffic may rest for a second. */
const DOWN_MS = 3_000;

/** A modem says so much of its own accord. What is more comes over the line. */
const CHATTER_BPS = 8_000;

/** Where answers are rare, so long without one is nothing new. */
const SPARSE_MS = 5_000;

/** A median of three stands if one of them errs. */
const ENOUGH = 3;

/** What is judged so for this long holds. Nothing flaps faster. */
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
 * A link that is gone needs no second look, nor does a silence that begins, or that is told from a line that is down. But
 * when a line comes back its traffic is there a round trip before its answers.
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

/** @param waitedMs time since the last answer, counted while reflectors could be asked */
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
  // once found, it stands for as long as anything comes in
  return isFull || was === "filtered" ? "filtered" : "silent";
}

/** Why it is what it is, for people; null where there is nothing to complain of. */
export function conditionInWords(
  { condition, from }: Pick<ConditionNow, "condition" | "from">,
  facts: Facts,
  now: MonoMs,
): string | null {
  const { silentMs, answering, asked, isFallback, gateway } = facts;
  const { link, device } = facts;
  // an answer may be stamped a little after the cycle that asks
  const spell = (ms: number) => `${(Math.max(0, ms) / 1e3).toFixed(1)} s`;
  const silence = facts.isNameless
    ? "no reflector can be asked"
    : Number.isFinite(silentMs)
      ? `no reflector answered for ${spell(silentMs)}`
      : "no reflector has answered yet";
  const nameless =
    facts.unknown.length === 0
      ? ""
      : `; no address is known of ${facts.unknown.join(", ")}`;
  const next =
    gateway === null
      ? ""
      : gateway
        ? "; the gateway answers"
        : "; nor does the gateway answer";
  switch (condition) {
    case "measuring":
      return null;
    case "reduced":
      return answering < ENOUGH
        ? `only ${answering} of ${asked} reflectors answer${nameless}`
        : `${answering} of ${asked} reflectors answer again`;
    case "sparse":
      return "too few pings are answered to control by: answers are limited or lost";
    case "silent":
      return silence + nameless + coming(facts) + next;
    case "filtered":
      return isFallback
        ? "pings are filtered: measured by TCP handshakes"
        : `pings are filtered, or the reflectors gone: traffic passes, but ${silence}`;
    case "line_down":
      return `line is down: ${silence}, and nothing comes in${next}`;
    case "no_link":
      return `no link for ${spell(msSince(from, now))}: ${device ?? "interface"} is ${link === "gone" ? "gone" : "down"}`;
  }
}

/** What comes in during a silence, if that leaves the cause open. */
function coming({ receivedBps, floorBps, silentMs }: Facts): string {
  if (receivedBps === null || silentMs <= FILTERED_MS) return "";
  if (receivedBps <= CHATTER_BPS || receivedBps >= floorBps) return "";
  const [is, floor] = [receivedBps, floorBps].map((bps) =>
    showMbps(toKbps(bps)),
  );
  return `; ${is} Mbit/s come in, less than its floor of ${floor}: a line that carries little, or filtered pings`;
}
