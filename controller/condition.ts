import type { Condition } from "../shared/condition.js";
import { later, since, type MonoMs } from "../shared/clock.js";

/** What the interface of the line says: there and in use, there without a carrier or switched off, or not there at all. */
export type Link = "up" | "down" | "gone";

/** What is known of the line besides its answers. */
export interface Signs {
  /** Null where it cannot be known. */
  readonly link: Link | null;
  /** Whether the answers that come are not to pings, but to what is tried instead. */
  readonly isFallback: boolean;
  /** Whether the next router answers, which is asked while nobody else does; null where that is not known. */
  readonly gateway: boolean | null;
  /** How many reflectors are asked. */
  readonly asked: number;
}

/** What a condition is told from. */
export interface Facts extends Signs {
  /** How long nobody has answered, ms; Infinity before the first answer. */
  readonly silentMs: number;
  /** How many reflectors answered lately. */
  readonly answering: number;
  /** What the line brought lately, bit/s; null where that is not counted. */
  readonly receivedBps: number | null;
}

/** A condition, from when it holds, and one that is about to take its place. */
export interface Standing {
  readonly condition: Condition;
  readonly from: MonoMs;
  readonly next: { readonly condition: Condition; readonly from: MonoMs };
}

/** Nobody answers for so long: it is no longer one lost probe, nor one long queue. */
const SILENT_MS = 1_000;

/** So long without an answer while traffic passes: pings are filtered. No queue is longer. */
const FILTERED_MS = 2_000;

/** So long without an answer and without traffic: the line is down. Traffic may rest for a second. */
const DOWN_MS = 3_000;

/** A modem says so much of its own accord. What is more comes over the line. */
const CHATTER_BPS = 8_000;

/** A median of three stands if one of them errs. */
const ENOUGH = 3;

/** What is judged so for this long holds. Nothing flaps faster. */
const SETTLE_MS = 1_000;

/** Before the first answer. */
export const standingAt = (now: MonoMs): Standing => ({
  condition: "silent",
  from: now,
  next: { condition: "silent", from: now },
});

/** The condition after a beat. */
export function standing(
  before: Standing,
  facts: Facts,
  now: MonoMs,
): Standing {
  const condition = judge(facts);
  const from = before.next.condition === condition ? before.next.from : now;
  const next = { condition, from };
  return condition !== before.condition &&
    now >= later(from, settleMs(before.condition, condition))
    ? { condition, from, next }
    : { ...before, next };
}

/** A link that is gone needs no second look, nor does a silence that begins or turns out to be something. */
const settleMs = (from: Condition, to: Condition): number =>
  to === "no_link" ||
  (to === "silent" && (from === "measuring" || from === "reduced")) ||
  (from === "silent" && to !== "reduced")
    ? 0
    : SETTLE_MS;

function judge(facts: Facts): Condition {
  const { link, isFallback, silentMs, answering, asked, receivedBps } = facts;
  if (link === "gone" || link === "down") return "no_link";
  if (silentMs <= SILENT_MS) {
    if (isFallback) return "filtered";
    return answering < Math.min(ENOUGH, asked) ? "reduced" : "measuring";
  }
  if (receivedBps === null) return "silent";
  if (receivedBps > CHATTER_BPS)
    return silentMs > FILTERED_MS ? "filtered" : "silent";
  return silentMs > DOWN_MS ? "line_down" : "silent";
}

/** Why it is what it is, for people; null where there is nothing to complain of. */
export function conditionInWords(
  { condition, from }: Standing,
  facts: Facts,
  now: MonoMs,
): string | null {
  const { silentMs, answering, asked, link, isFallback, gateway } = facts;
  const spell = (ms: number) => `${(ms / 1e3).toFixed(1)} s`;
  const silence = Number.isFinite(silentMs)
    ? `no reflector answered for ${spell(silentMs)}`
    : "no reflector has answered yet";
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
      return `only ${answering} of ${asked} reflectors answer`;
    case "silent":
      return silence + next;
    case "filtered":
      return isFallback
        ? "pings are filtered: measured by TCP handshakes"
        : `pings are filtered: traffic passes, but ${silence}`;
    case "line_down":
      return `line is down: ${silence}, and nothing comes in${next}`;
    case "no_link":
      return `no link for ${spell(since(from, now))}: interface is ${link === "gone" ? "gone" : "down"}`;
  }
}
