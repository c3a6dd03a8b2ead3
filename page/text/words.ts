import {
  eventRow,
  factsInWords,
  type Severity,
} from "../../shared/contract/event.js";
import type { HistoryEvent } from "../../shared/contract/history.js";
import { STATES } from "../../shared/contract/state.js";
import {
  DAY_MS,
  MINUTE_MS,
  SECOND_MS,
  showMbps,
  showMs,
  showSpan,
} from "../../shared/contract/units.js";

/* Numbers and times for display: a fixed number of digits, so that the layout does not shift. */

export const ms = showMs;

/** @param value Mbit/s, the unit of the history */
export const mbps = (value: number): string => showMbps(value * 1e3);

/** As {@link showSpan}, in whole seconds, for what counts up on the screen. */
export const lasting = (durationMs: number): string =>
  showSpan(Math.max(1, Math.round(durationMs / SECOND_MS)) * SECOND_MS);

const formats = (zone: string | undefined) => {
  const make = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", {
      ...options,
      ...(zone === undefined ? {} : { timeZone: zone }),
    });
  const time = { hour: "2-digit", minute: "2-digit" } as const;
  const day = { day: "numeric", month: "short" } as const;
  return {
    year: make({ month: "short", year: "numeric" }),
    day: make(day),
    date: make({ weekday: "short", ...day, year: "numeric" }),
    minute: make(time),
    second: make({ ...time, second: "2-digit" }),
    zone: make({ ...time, timeZoneName: "short" }),
    ms: make({ ...time, second: "2-digit", fractionalSecondDigits: 3 }),
  };
};

const FORMATS = formats(undefined);

const timeOfDay = (atMs: number): string => FORMATS.second.format(atMs);
export const timeToMs = (atMs: number): string => FORMATS.ms.format(atMs);
/** With milliseconds only if there are any. */
export const timeInFull = (atMs: number): string =>
  atMs % 1_000 === 0 ? timeOfDay(atMs) : timeToMs(atMs);
/** "GMT+2" */
export const zoneAt = (atMs: number): string =>
  FORMATS.zone.formatToParts(atMs).find(({ type }) => type === "timeZoneName")
    ?.value ?? "";
export const dayAndTimeText = (atMs: number): string =>
  `${FORMATS.day.format(atMs)}, ${FORMATS.second.format(atMs)}`;

/** Labels for time-axis ticks `apartMs` apart; the first tick and the first of each day also show the date. */
export function tickLabels(
  atMs: readonly number[],
  apartMs: number,
  zone?: string,
): string[] {
  const format = zone === undefined ? FORMATS : formats(zone);
  if (apartMs >= 28 * DAY_MS) return atMs.map((at) => format.year.format(at));
  if (apartMs >= DAY_MS) return atMs.map((at) => format.day.format(at));
  const time =
    apartMs >= MINUTE_MS
      ? format.minute
      : apartMs >= 1_000
        ? format.second
        : format.ms;
  let before = "";
  return atMs.map((at) => {
    const day = format.day.format(at);
    const isNew = day !== before;
    before = day;
    return isNew ? `${time.format(at)}\n${day}` : time.format(at);
  });
}

/** `Sat, 21 Nov 2026, 14:00:00 to 15:00:00`; with both dates if they differ. */
export function boundsInWords(fromMs: number, toMs: number): string {
  const { date, second, ms: fine } = FORMATS;
  const time = toMs - fromMs < 10_000 ? fine : second;
  const [from, to] = [date.format(fromMs), date.format(toMs)];
  return from === to
    ? `${from}, ${time.format(fromMs)} to ${time.format(toMs)}`
    : `${from}, ${time.format(fromMs)} to ${to}, ${time.format(toMs)}`;
}

/** A short description of an event. */
export function eventInWords({ kind, details }: HistoryEvent): string {
  if (kind === "transition") {
    const state = (name: string) => STATES[Number(details[name])] ?? "?";
    return `${text(details["direction"])} ${state("from")} → ${state("to")}: ${text(details["reason"])}`;
  }
  if (kind === "config")
    return `configuration read at ${text(details["trigger"])}`;
  return factsInWords(kind, details, dayAndTimeText);
}

const text = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const CODE: Readonly<Record<Severity, number>> = {
  good: 0,
  info: -1,
  warning: 1,
  critical: 3,
};

/** Severity as a state code: of a transition its new state, of other events 0 to 3; -1 for neither good nor bad. */
export const severity = ({ kind, details }: HistoryEvent): number =>
  kind === "transition"
    ? Number(details["to"])
    : CODE[eventRow(kind)?.severity ?? "info"];

/** What an event means, for its tooltip. */
export const meaning = ({ kind }: HistoryEvent): string =>
  eventRow(kind)?.text ?? "";
