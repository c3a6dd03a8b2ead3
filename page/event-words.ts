import {
  eventRow,
  factsInWords,
  type Severity,
} from "../shared/contract/event.js";
import type { HistoryEvent } from "../shared/contract/history.js";
import { STATES } from "../shared/contract/state.js";
import { dayAndTime } from "./words.js";

/** What happened, in a few words. */
export function eventInWords({ kind, details }: HistoryEvent): string {
  if (kind === "transition") {
    const state = (name: string) => STATES[Number(details[name])] ?? "?";
    return `${text(details["direction"])} ${state("from")} → ${state("to")}: ${text(details["reason"])}`;
  }
  if (kind === "config")
    return `configuration read at ${text(details["trigger"])}`;
  return factsInWords(kind, details, dayAndTime);
}

const text = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const CODE: Readonly<Record<Severity, number>> = {
  good: 0,
  info: -1,
  warning: 1,
  critical: 3,
};

/** How bad it is, as a state's code: of a change of state what it led to; -1 for what is neither good nor bad. */
export const severity = ({ kind, details }: HistoryEvent): number =>
  kind === "transition"
    ? Number(details["to"])
    : CODE[eventRow(kind)?.severity ?? "info"];

/** What an event means, for whoever points at it. */
export const meaning = ({ kind }: HistoryEvent): string =>
  eventRow(kind)?.text ?? "";
