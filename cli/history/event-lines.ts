import type { HistoryEvent } from "../../shared/history.js";
import { answerOf } from "../answer.js";
import { STATES } from "../../shared/state.js";
import { clip, printable, showSpan, timeOfDay, wrapTo } from "../terminal.js";
import { dayAndTime, dayOf, turnOf } from "./calendar.js";
import type { Paint, Tone } from "./paint.js";

export interface ListOptions {
  /** Of the terminal. */
  readonly columns: number;
  readonly paint: Paint;
}

/** Events one after the other, oldest first, for as long as there are any. */
export interface EventList {
  lines(events: readonly HistoryEvent[]): readonly string[];
}

export function openEventList({ columns, paint }: ListOptions): EventList {
  let beforeMs: number | null = null;
  return {
    lines: (events) =>
      events.flatMap((event) => {
        const { at, wan, kind } = event;
        const turn = beforeMs === null ? dayOf(at) : turnOf(beforeMs, at);
        beforeMs = at;
        const head = `${timeOfDay(at)} ${printable(wan).padEnd(8)} `;
        const words = printable(eventWords(event));
        const tone = toneOf(event);
        const lines =
          kind === "config"
            ? [clip(head + words, columns)]
            : wrapTo(columns, head, words);
        return [
          ...(turn === null ? [] : [paint("title", clip(turn, columns))]),
          ...lines.map((line) => (tone === null ? line : paint(tone, line))),
        ];
      }),
  };
}

/** A change of state has the colour of the worse one; what ended well has none. */
function toneOf({ kind, details }: HistoryEvent): Tone | null {
  if (kind === "config") return "aside";
  if (kind === "transition") {
    const to = answerOf(details).number("to");
    return to === null ? null : (STATES[to] ?? null);
  }
  return /_(lost|damaged|doubled|flooding|stepped|cut)$/.test(kind)
    ? "RED"
    : null;
}

/** What happened, in words: "download YELLOW -> RED: …", "reflector lost: reflector 1.1.1.1, quiet 5.0 s". */
export function eventWords({ kind, details }: HistoryEvent): string {
  const answer = answerOf(details);
  if (kind === "transition") {
    const state = (key: string) => STATES[answer.number(key) ?? NaN] ?? "—";
    return `${answer.text("direction") ?? "—"} ${state("from")} -> ${state("to")}: ${answer.text("reason") ?? "—"}`;
  }
  if (kind === "config")
    return `configuration at ${answer.text("trigger") ?? "—"}: ${JSON.stringify(details["config"] ?? details)}`;
  const facts = Object.entries(details).map(([key, value]) => fact(key, value));
  return [kind.replaceAll("_", " "), facts.join(", ")]
    .filter(Boolean)
    .join(": ");
}

/** Below it a number of ms is a span, from it on an instant: a hundred years, and 1973. */
const INSTANT_MS = 1e11;

function fact(key: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (key === "cause" || key === "reason" || key === "error") return text;
  const words = key
    .replace(/_?ms$/i, "")
    .replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
    .replaceAll("_", " ");
  if (typeof value !== "number" || !/ms$/i.test(key)) return `${words} ${text}`;
  if (Math.abs(value) >= INSTANT_MS) return `${words} ${dayAndTime(value)}`;
  return `${words} ${value < 0 ? "-" : ""}${showSpan(Math.abs(value))}`;
}
