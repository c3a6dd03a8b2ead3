import type { HistoryEvent } from "../shared/history.js";
import { STATES } from "../shared/state.js";

/** What happened, in a few words. */
export function eventInWords({ kind, details }: HistoryEvent): string {
  if (kind === "transition") {
    const state = (name: string) => STATES[Number(details[name])] ?? "?";
    return `${text(details["direction"])} ${state("from")} → ${state("to")}: ${text(details["reason"])}`;
  }
  if (kind === "config")
    return `configuration read at ${text(details["trigger"])}`;
  const pairs = Object.entries(details).map(
    ([name, value]) => `${name.replaceAll("_", " ")} ${text(value)}`,
  );
  const name = kind.replaceAll("_", " ");
  return pairs.length === 0 ? name : `${name}: ${pairs.join(", ")}`;
}

const text = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** 0 to 3 for what a change of state led to; null for anything else. */
export const severity = ({ kind, details }: HistoryEvent): number | null =>
  kind === "transition" ? Number(details["to"]) : null;
