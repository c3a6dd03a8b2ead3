import type { HistoryEvent } from "../shared/history.js";
import { factsInWords } from "../shared/facts.js";
import { STATES } from "../shared/state.js";
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

/** 0 to 3 for what a change of state led to; null for anything else. */
export const severity = ({ kind, details }: HistoryEvent): number | null =>
  kind === "transition" ? Number(details["to"]) : null;
