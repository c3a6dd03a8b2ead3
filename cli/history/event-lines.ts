import { eventRow, factsInWords } from "../../shared/contract/event.js";
import type {
  HistoryEvent,
  SeriesName,
} from "../../shared/contract/history.js";
import { STATES } from "../../shared/contract/state.js";
import { answerOf } from "../answer.js";
import { ARROW } from "../live/frame-lines.js";
import { clip, printable, timeOfDay, wrapTo } from "../terminal.js";
import type { Paint, Tone } from "./paint.js";
import { dayAndTime, dayOf, turnOf } from "./time.js";

interface ListOptions {
  /** Width of the terminal. */
  readonly columns: number;
  readonly paint: Paint;
}

/** Prints events, oldest first, in any number of batches. */
interface EventList {
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

/** The colour of an event: a change of state has that of the new state; `good` and `info` have none. */
function toneOf({ kind, details }: HistoryEvent): Tone | null {
  if (kind === "config") return "aside";
  if (kind === "transition") {
    const to = answerOf(details).number("to");
    return to === null ? null : (STATES[to] ?? null);
  }
  const { severity } = eventRow(kind) ?? { severity: "info" };
  return severity === "critical"
    ? "RED"
    : severity === "warning"
      ? "YELLOW"
      : null;
}

/** An event in words: "download YELLOW -> RED: …", "reflector lost: reflector 1.1.1.1, quiet 5.0 s". */
export function eventWords({ kind, details }: HistoryEvent): string {
  const answer = answerOf(details);
  if (kind === "transition") {
    const state = (key: string) => STATES[answer.number(key) ?? NaN] ?? "—";
    return `${answer.text("direction") ?? "—"} ${state("from")} -> ${state("to")}: ${answer.text("reason") ?? "—"}`;
  }
  if (kind === "config")
    return `configuration at ${answer.text("trigger") ?? "—"}: ${JSON.stringify(details["config"] ?? details)}`;
  return factsInWords(kind, details, dayAndTime);
}

/** A short name of a series: "rtt delta", "rate ↓", "state ↑". */
export function labelOf({
  metric,
  labels,
}: Pick<SeriesName, "metric" | "labels">): string {
  const direction =
    labels["direction"] ?? /_(download|upload)(?=_|$)/.exec(metric)?.[1];
  const words = metric
    .replace(/^wanctl_|_(ms|mbps)$/g, "")
    .replace(/_(download|upload)$/, "")
    .replaceAll("_", " ");
  const arrow =
    direction === "download" || direction === "upload"
      ? ` ${ARROW[direction]}`
      : "";
  return printable(words + arrow);
}
