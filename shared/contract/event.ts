import { showSpan } from "./units.js";

/** `good` is the end of a trouble, `critical` needs attention now. */
export type Severity = "good" | "info" | "warning" | "critical";

interface EventRow {
  readonly name: string;
  readonly severity: Severity;
  /** The event this one ends. */
  readonly ends: string | null;
  /** Its meaning, in a few words. */
  readonly text: string;
}

const row = <N extends string, E extends string | null = null>(
  name: N,
  severity: Severity,
  text: string,
  ends: E = null as E,
) => ({ name, severity, text, ends });

/** Every event except state changes: one row each, in any order. Level, colour, pages and documents follow from it. */
// prettier-ignore
export const EVENT_ROWS = [
  row("started", "info", "a controller has started"),
  row("stopping", "info", "a controller was told to stop"),
  row("measurement_lost", "warning", "no probe is answered"),
  row("measurement_back", "good", "probes are answered again", "measurement_lost"),
  row("reflectors_few", "warning", "fewer reflectors answer than are needed"),
  row("reflectors_enough", "good", "enough reflectors answer again", "reflectors_few"),
  row("answers_few", "warning", "too few probes are answered for control"),
  row("answers_enough", "good", "enough probes are answered again for control", "answers_few"),
  row("counters_slow", "warning", "the byte counters are updated only rarely"),
  row("counters_prompt", "good", "the byte counters are updated continuously again", "counters_slow"),
  row("pings_filtered", "warning", "traffic passes, but no ping is answered"),
  row("pings_back", "good", "pings are answered again", "pings_filtered"),
  row("line_lost", "critical", "no traffic is received on the line"),
  row("line_back", "good", "the line carries traffic again", "line_lost"),
  row("link_lost", "critical", "the network interface is down or gone"),
  row("link_back", "good", "the network interface is up again", "link_lost"),
  row("paused", "warning", "the process was suspended for a while"),
  row("names_lost", "warning", "the name of a reflector cannot be resolved"),
  row("names_back", "good", "all names can be resolved again", "names_lost"),
  row("pinger_lost", "warning", "probes cannot be sent"),
  row("pinger_back", "good", "probes can be sent again", "pinger_lost"),
  row("reflector_lost", "warning", "one reflector has stopped answering"),
  row("reflector_back", "good", "the reflector answers again", "reflector_lost"),
  row("reflector_replaced", "info", "a reflector that does not answer is replaced by another"),
  row("router_lost", "critical", "the router does not accept rates"),
  row("router_back", "good", "the router accepts rates again", "router_lost"),
  row("router_described", "info", "the description of the router's queues has changed"),
  row("rate_foreign", "warning", "another program has set the rate"),
  row("writing_paused", "warning", "rates are not written because another program sets them"),
  row("writing_resumed", "good", "rates are written again", "writing_paused"),
  row("clock_stepped", "warning", "the wall clock was set forward or back"),
  row("checkpoint_lost", "warning", "the checkpoint file cannot be written"),
  row("checkpoint_back", "good", "the checkpoint file can be written again", "checkpoint_lost"),
  row("checkpoint_refused", "warning", "the checkpoint file was invalid and was set aside"),
  row("config_refused", "warning", "the changed configuration was not accepted"),
  row("retention_held", "warning", "nothing expires because the clock has jumped"),
  row("history_cut", "warning", "old history is deleted early to make room"),
  row("database_lost", "critical", "the database cannot be written"),
  row("database_back", "good", "the database can be written again", "database_lost"),
  row("database_replaced", "warning", "the database file was replaced by another one"),
  row("database_damaged", "critical", "the database was damaged and was set aside"),
  row("log_held", "warning", "a reader keeps the write-ahead log from being truncated"),
  row("log_freed", "good", "the write-ahead log can be truncated again", "log_held"),
  row("source_doubled", "warning", "two controllers use one name"),
  row("source_single", "good", "only one controller uses the name again", "source_doubled"),
  row("source_flooding", "warning", "a source sends more than a controller can produce"),
  row("source_calm", "good", "the source is within its limits again", "source_flooding"),
  row("controller_silent", "critical", "a controller fell silent without announcing a stop"),
  row("controller_back", "good", "the controller is heard again", "controller_silent"),
  row("frames_refused", "warning", "messages were refused"),
  row("history_ahead", "warning", "the history contains rows in the future, from a clock that was ahead"),
];

export type EventName = (typeof EVENT_ROWS)[number]["name"];

export const EVENTS: readonly EventName[] = EVENT_ROWS.map(({ name }) => name);

const BY_NAME: ReadonlyMap<string, EventRow> = new Map(
  EVENT_ROWS.map((each) => [each.name, each]),
);

/** An event that begins a trouble; another event ends it. */
export type TroubleName = NonNullable<(typeof EVENT_ROWS)[number]["ends"]>;

const ENDS = new Map(EVENT_ROWS.map(({ name, ends }) => [ends, name]));

/** The event that ends a trouble. */
export const endOf = (trouble: TroubleName): EventName =>
  ENDS.get(trouble) ?? trouble;

/** The row of an event; null for an unknown name, and for other kinds. */
export const eventRow = (name: string): EventRow | null =>
  BY_NAME.get(name) ?? null;

const LEVELS = {
  good: "info",
  info: "info",
  warning: "warn",
  critical: "error",
} as const satisfies Record<Severity, string>;

/** Its log level. */
export const levelOf = (event: EventName): "info" | "warn" | "error" =>
  LEVELS[BY_NAME.get(event)?.severity ?? "warning"];

/** Detail keys that are instants, such as `fromMs` or `last_at_ms`; any other number of ms is a duration. */
const INSTANT = /(^|_)(at|from|to|began|ended|since|until)_?ms$/i;

/** An event (not a state change or configuration) and its details as text: "reflector lost: reflector 1.1.1.1, quiet 5.0 s". */
export function factsInWords(
  kind: string,
  details: Readonly<Record<string, unknown>>,
  instant: (atMs: number) => string,
): string {
  const facts = Object.entries(details).map(([key, value]) =>
    fact(key, value, instant),
  );
  return [kind.replaceAll("_", " "), facts.join(", ")]
    .filter(Boolean)
    .join(": ");
}

function fact(
  key: string,
  value: unknown,
  instant: (atMs: number) => string,
): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (key === "cause" || key === "reason" || key === "error") return text;
  const words = key
    .replace(/_?ms$/i, "")
    .replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
    .replaceAll("_", " ");
  if (typeof value !== "number" || !/ms$/i.test(key)) return `${words} ${text}`;
  if (INSTANT.test(key)) return `${words} ${instant(value)}`;
  return `${words} ${value <= -0.5 ? "-" : ""}${showSpan(Math.abs(value))}`;
}
