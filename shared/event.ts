/** What can happen, apart from a change of state. */
export const EVENTS = [
  "started",
  "stopping",
  "measurement_lost",
  "measurement_back",
  "pinger_lost",
  "pinger_back",
  "reflector_lost",
  "reflector_back",
  "reflector_replaced",
  "router_lost",
  "router_back",
  "router_described",
  "rate_foreign",
  "writing_paused",
  "writing_resumed",
  "clock_stepped",
  "checkpoint_lost",
  "checkpoint_back",
  "checkpoint_refused",
  "config_refused",
  "retention_held",
  "history_cut",
  "database_lost",
  "database_back",
  "database_replaced",
  "database_damaged",
  "log_held",
  "log_freed",
  "source_doubled",
  "source_single",
  "source_flooding",
  "source_calm",
  "frames_refused",
] as const;
export type EventName = (typeof EVENTS)[number];

/** What is no trouble, or the end of one. */
const CALM: ReadonlySet<EventName> = new Set([
  "started",
  "stopping",
  "measurement_back",
  "pinger_back",
  "reflector_back",
  "reflector_replaced",
  "router_back",
  "router_described",
  "writing_resumed",
  "checkpoint_back",
  "database_back",
  "log_freed",
  "source_single",
  "source_calm",
]);

/** How loud it is said in the log. */
export const levelOf = (event: EventName): "info" | "warn" =>
  CALM.has(event) ? "info" : "warn";
