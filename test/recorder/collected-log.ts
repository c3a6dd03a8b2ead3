import type { Log } from "../../shared/runtime/log.js";

/** A log to look into: the events, in order. */
export function collectedLog(): Log & { readonly events: string[] } {
  const events: string[] = [];
  const collect = (event: string) => void events.push(event);
  return { events, info: collect, warn: collect, error: collect };
}
