import type { ParsedComponents, ParsingReference } from "chrono-node";
import { parse } from "chrono-node/en";
import { parseDuration } from "../../shared/config/format.js";
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  type TimeRange,
} from "../../shared/contract/units.js";
import { Failure } from "../../shared/runtime/failure.js";
import { timeOfDay } from "../terminal.js";

/** Options as typed. */
export interface TimeOptions {
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
}

/**
 * A time as typed, in the local time zone unless it names one: ISO 8601, "20:00", "yesterday 20:00", "monday",
 * "nov 3 8am", "02:00 UTC", "2h ago". A day alone means its beginning. A time of day or a weekday means the last one in
 * the past.
 * @returns ms since 1970; null unless all of the text is understood
 */
export function parseMoment(text: string, nowMs: number): number | null {
  const asked = text.trim();
  const ago = agoMs(asked);
  if (ago !== null) return nowMs - ago;
  if (asked.includes("/")) return null; // 3/4 is ambiguous: March 4 or April 3
  const words = plainly(asked);
  const here = readAll(words, { instant: new Date(nowMs) });
  // a zone in the text also determines the days
  const timezone = here?.get("timezoneOffset") ?? null;
  const found =
    timezone === null
      ? here
      : readAll(words, { instant: new Date(nowMs), timezone });
  return found && momentOf(found, nowMs, /\bago$/i.test(words));
}

const UNITS: Readonly<Record<string, string>> = {
  ...{ second: "s", sec: "s", minute: "m", min: "m", hour: "h", hr: "h" },
  ...{ day: "d", week: "w", year: "y" },
};

/** "2h ago", "-2h", "2 days ago", "an hour ago" in ms; null for anything else. */
function agoMs(asked: string): number | null {
  const length = /^-(.*)$|^(.*\S)\s*ago$/is.exec(asked);
  const short = (length?.[1] ?? length?.[2] ?? "")
    .toLowerCase()
    .replace(/\b(an?|one)\s+(?=[a-z])/g, "1 ")
    .replace(
      /(\d\s*)([a-z]+?)s?(?![a-z])/g,
      (whole, count: string, unit: string) =>
        Object.hasOwn(UNITS, unit) ? `${count}${UNITS[unit]}` : whole,
    );
  return parseDuration(short);
}

/** Adapted to the parser, which reads fractional digits as milliseconds, and "last night" as midnight. */
const plainly = (asked: string): string =>
  asked
    .replace(
      /(\d:\d\d:\d\d)[.,](\d{1,9})(?!\d)/,
      (_, time: string, digits: string) =>
        `${time}.${digits.padEnd(3, "0").slice(0, 3)}`,
    )
    .replace(/^(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)Z$/i, "$1 UTC")
    .replace(/\blast night\b/i, "yesterday 22:00");

function readAll(
  words: string,
  reference: ParsingReference,
): ParsedComponents | null {
  const [found, ...more] = parse(words, reference);
  const isWhole = found?.text === words && more.length === 0 && !found.end;
  return isWhole ? found.start : null;
}

function momentOf(
  start: ParsedComponents,
  nowMs: number,
  isInstant: boolean,
): number {
  const zone = start.get("timezoneOffset");
  const calendar = zone === null ? LOCAL : calendarOf(zone);
  // "evening" implies an hour, "yesterday" does not
  const hasTime =
    isInstant ||
    start.isCertain("hour") ||
    start.tags().has("parser/ENCasualTimeParser") ||
    start.tags().has("casualReference/now");
  const found = start.date().getTime();
  const at = hasTime ? found : calendar.dayOf(found);
  const last = at <= nowMs ? at : lastBefore(start, at, calendar);
  const again = last + (hasTime ? calendar.repeatsAfterMs(last) : 0);
  return again <= nowMs ? again : last;
}

/** A time in the future, moved to the last matching one in the past. */
function lastBefore(
  start: ParsedComponents,
  at: number,
  calendar: Calendar,
): number {
  if (start.isCertain("weekday")) return calendar.moved(at, { days: -7 });
  if (!start.isCertain("day")) return calendar.moved(at, { days: -1 });
  return start.isCertain("year") ? at : calendar.moved(at, { years: -1 });
}

/** The days of a time zone. */
interface Calendar {
  dayOf(atMs: number): number;
  moved(atMs: number, by: { days?: number; years?: number }): number;
  /** Time until the clock shows the same time again, ms, as it is set back for winter; 0 if it does not. */
  repeatsAfterMs(atMs: number): number;
}

const LOCAL: Calendar = {
  dayOf: (atMs) => new Date(atMs).setHours(0, 0, 0, 0),
  moved(atMs, { days = 0, years = 0 }) {
    const at = new Date(atMs);
    at.setFullYear(
      at.getFullYear() + years,
      at.getMonth(),
      at.getDate() + days,
    );
    return at.getTime();
  },
  repeatsAfterMs(atMs) {
    const at = new Date(atMs);
    const later = new Date(atMs + 3 * HOUR_MS);
    const byMs =
      MINUTE_MS * (later.getTimezoneOffset() - at.getTimezoneOffset());
    const again = new Date(atMs + byMs);
    const isSame =
      again.getHours() === at.getHours() &&
      again.getMinutes() === at.getMinutes();
    return byMs > 0 && isSame ? byMs : 0;
  },
};

/** The calendar of a zone that is `minutes` ahead of UTC. */
function calendarOf(minutes: number): Calendar {
  const aheadMs = MINUTE_MS * minutes;
  return {
    dayOf: (atMs) => Math.floor((atMs + aheadMs) / DAY_MS) * DAY_MS - aheadMs,
    moved(atMs, { days = 0, years = 0 }) {
      const at = new Date(atMs + aheadMs);
      at.setUTCFullYear(at.getUTCFullYear() + years);
      return at.getTime() - aheadMs + days * DAY_MS;
    },
    repeatsAfterMs: () => 0,
  };
}

const DEFAULT_LAST = "1h";

/**
 * The range given by `--last`, `--from` and `--to`; default: the last hour. `--last` counts back from `--to`, or
 * forward from `--from`. @throws Failure that names the option, the rule and the value
 */
export function timeRange(
  { last, from, to }: TimeOptions,
  nowMs: number,
): TimeRange {
  const moment = (option: string, text: string | undefined) => {
    if (text === undefined) return null;
    const at = parseMoment(text, nowMs);
    if (at !== null) return at;
    throw new Failure(
      `Cannot read ${option} '${text}': must be a time like 2026-03-01T20:00, 20:00, 'yesterday 20:00' or 2h ago`,
    );
  };
  const fromMs = moment("--from", from);
  const toMs = moment("--to", to);
  if (last !== undefined && fromMs !== null && toMs !== null)
    throw new Failure(
      `Cannot use --last '${last}': must not be combined with both --from and --to`,
    );
  const lastMs = parseDuration(last ?? DEFAULT_LAST);
  if (lastMs === null)
    throw new Failure(
      `Cannot read --last '${last}': must be a duration like 90m, 1h30m or 7d`,
    );
  const end =
    toMs ?? (fromMs !== null && last !== undefined ? fromMs + lastMs : nowMs);
  const range = { fromMs: fromMs ?? end - lastMs, toMs: end };
  if (range.fromMs < range.toMs) return range;
  throw new Failure(
    `Cannot show '${new Date(range.fromMs).toISOString()}' to '${new Date(range.toMs).toISOString()}': must start before it ends`,
  );
}

/** Local time of instants in ms since 1970, for people. */

/** "Sat 21 Nov 2026". */
export function dayOf(atMs: number): string {
  const [weekday, month, day, year] = new Date(atMs).toDateString().split(" ");
  return `${weekday} ${day} ${month} ${year}`;
}

/** "UTC+02:00". */
function offsetOf(atMs: number): string {
  const minutes = -new Date(atMs).getTimezoneOffset();
  const two = (n: number) => String(Math.trunc(n)).padStart(2, "0");
  const abs = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${two(abs / 60)}:${two(abs % 60)}`;
}

/** The format of a step's time: as precise as its length requires; with the day for long steps. */
export function timeColumn(stepMs: number | null): {
  readonly width: number;
  readonly hasDay: boolean;
  show(atMs: number): string;
} {
  const cut = (width: number) => ({
    width,
    hasDay: false,
    show: (atMs: number) => timeOfDay(atMs).slice(0, width),
  });
  if (stepMs === null || stepMs % 1_000 !== 0) return cut(12);
  if (stepMs % MINUTE_MS !== 0) return cut(8);
  if (stepMs < 6 * HOUR_MS) return cut(5);
  return { width: 12, hasDay: true, show: dayAndTime };
}

/** "21 Nov 14:03". */
export const dayAndTime = (atMs: number): string =>
  `${dayOf(atMs).slice(4, 10)} ${timeOfDay(atMs).slice(0, 5)}`;

/** "Sat 21 Nov 2026 13:33 to 14:33"; with seconds if an end has any. */
export function spanOf(fromMs: number, toMs: number): string {
  const width = fromMs % MINUTE_MS === 0 && toMs % MINUTE_MS === 0 ? 5 : 8;
  const time = (atMs: number) => timeOfDay(atMs).slice(0, width);
  const end = dayOf(fromMs) === dayOf(toMs) ? "" : `${dayOf(toMs)} `;
  return `${dayOf(fromMs)} ${time(fromMs)} to ${end}${time(toMs)}`;
}

/** A note if the day or the UTC offset changes between two lines; else null. */
export function turnOf(beforeMs: number, atMs: number): string | null {
  if (offsetOf(beforeMs) !== offsetOf(atMs))
    return `${dayOf(atMs)}, ${offsetOf(atMs)} from here`;
  return dayOf(beforeMs) === dayOf(atMs) ? null : dayOf(atMs);
}

const UNITS_OF_MS = [
  ["d", "d", 24 * HOUR_MS],
  ["h", "h", HOUR_MS],
  ["m", "min", MINUTE_MS],
  ["s", "s", 1_000],
] as const;
const MS = ["ms", "ms", 1] as const;

/** A duration in the largest unit that divides it: the number, and the unit for programs and for people. */
function lengthOf(ms: number) {
  const [unit, word, size] =
    UNITS_OF_MS.find((each) => ms % each[2] === 0) ?? MS;
  return { count: ms / size, unit, word };
}

/** "5m", as the recorder parses it. */
export function lengthText(ms: number): string {
  const { count, unit } = lengthOf(ms);
  return `${count}${unit}`;
}

/** "every 5 min"; "every cycle" for null. */
export function stepInWords(stepMs: number | null): string {
  if (stepMs === null) return "every cycle";
  const { count, word } = lengthOf(stepMs);
  return `every ${count} ${word}`;
}
